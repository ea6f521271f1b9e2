/** A client process with the AWS SDK for JavaScript 2. Its endpoint may be without a scheme, which means https. */
const [, , sdk, endpoint, ConnectionId] = process.argv;
const AWS = require(sdk);

async function main() {
  const client = new AWS.ApiGatewayManagementApi({ endpoint, region: process.env.AWS_REGION });
  const { Identity } = await client.getConnection({ ConnectionId }).promise();
  console.log(Identity.SourceIp);
  await client.postToConnection({ ConnectionId, Data: 'sdk 2' }).promise();
  await client.deleteConnection({ ConnectionId }).promise();
  await client
    .postToConnection({ ConnectionId, Data: 'again' })
    .promise()
    .catch((error) => console.log(error.statusCode));
}

void main();
