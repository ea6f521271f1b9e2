/**
 * Handlers without the library: each message is posted back through a reused SDK client, as AWS's documentation
 * advises.
 */
import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { APIGatewayProxyWebsocketEventV2 } from 'aws-lambda';

let client: ApiGatewayManagementApiClient | undefined;

export async function handler({ requestContext, body = '' }: APIGatewayProxyWebsocketEventV2) {
  const { connectionId, domainName, stage, routeKey } = requestContext;
  if (routeKey === '$disconnect') console.log(`gone ${connectionId}`);
  if (routeKey === 'two-way') return { statusCode: 200, body };
  if (routeKey === '$default') {
    client ??= new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
    await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: body }));
  }
  return { statusCode: 200 };
}
