/**
 * Runs the caller's script, and keeps CONNECT and DISCONNECT events for later queries. The script is JSON, in the
 * query parameter `script` of the handshake or the member `script` of a message.
 */
const {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} = require('@aws-sdk/client-apigatewaymanagementapi');
const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
const { DynamoDBDocumentClient, PutCommand, QueryCommand } = require('@aws-sdk/lib-dynamodb');

const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const TableName = process.env.EVENTS;
const DAY_SECONDS = 86_400;

exports.handler = async (event) => {
  const { eventType, connectionId } = event.requestContext;
  const script = scriptOf(event);
  if (script.postToSelf !== undefined) event.posted = await postToSelf(event, script.postToSelf);
  if (eventType !== 'MESSAGE') await keep(connectionId, eventType, event);
  if (script.sleepMilliseconds) await new Promise((wake) => setTimeout(wake, script.sleepMilliseconds));
  if (script.throws !== undefined) throw new Error(script.throws);
  if (script.eventsOf !== undefined)
    return { statusCode: 200, body: JSON.stringify(await kept(script.eventsOf)) };
  if (script.returnsNothing) return undefined;
  if (script.returns !== undefined) return script.returns;
  return { statusCode: 200, body: JSON.stringify(event) };
};

function scriptOf({ body, queryStringParameters, requestContext }) {
  try {
    const script =
      requestContext.eventType === 'MESSAGE'
        ? JSON.parse(body).script
        : JSON.parse(queryStringParameters.script);
    return script ?? {};
  } catch {
    return {};
  }
}

async function postToSelf({ requestContext }, data) {
  const { connectionId, domainName, stage } = requestContext;
  const client = new ApiGatewayManagementApiClient({
    endpoint: `https://${domainName}/${stage}`,
    maxAttempts: 1,
  });
  const late = new Promise((resolve) => setTimeout(resolve, 5_000, 'no answer within 5 s'));
  const post = client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: data })).then(
    () => 'sent',
    (error) => `${error.name} ${error.$metadata?.httpStatusCode}`,
  );
  return Promise.race([post, late]);
}

async function keep(connectionId, eventType, event) {
  const expiresAt = Math.floor(Date.now() / 1000) + DAY_SECONDS;
  await table.send(
    new PutCommand({ TableName, Item: { connectionId, eventType, event: JSON.stringify(event), expiresAt } }),
  );
}

async function kept(connectionId) {
  const { Items = [] } = await table.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'connectionId = :id',
      ExpressionAttributeValues: { ':id': connectionId },
      ConsistentRead: true,
    }),
  );
  return Object.fromEntries(Items.map(({ eventType, event }) => [eventType, JSON.parse(event)]));
}
