"""Another process with boto3: looks at a connection, posts to it, closes it, and finds it gone."""
import sys
import boto3

endpoint, connection_id = sys.argv[1:]
client = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint)
print(client.get_connection(ConnectionId=connection_id)["Identity"]["SourceIp"])
client.post_to_connection(ConnectionId=connection_id, Data=b"boto3")
client.delete_connection(ConnectionId=connection_id)
try:
    client.post_to_connection(ConnectionId=connection_id, Data=b"again")
except client.exceptions.GoneException as error:
    print(error.response["ResponseMetadata"]["HTTPStatusCode"])
