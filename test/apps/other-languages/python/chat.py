"""A chat in Python: what one client says, every client hears."""
import os

import boto3

connections = boto3.resource("dynamodb").Table(os.environ["CONNECTIONS"])


def handler(event, context):
    request = event["requestContext"]
    connection_id = request["connectionId"]
    if request["eventType"] == "CONNECT":
        connections.put_item(Item={"id": connection_id})
    elif request["eventType"] == "DISCONNECT":
        connections.delete_item(Key={"id": connection_id})
    else:
        tell_everyone(request, event["body"])
    return {"statusCode": 200}


def tell_everyone(request, text):
    gateway = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"https://{request['domainName']}/{request['stage']}",
    )
    for item in connections.scan()["Items"]:
        try:
            gateway.post_to_connection(ConnectionId=item["id"], Data=text.encode())
        except gateway.exceptions.GoneException:
            connections.delete_item(Key={"id": item["id"]})
