/**
 * A broadcast without `deliver`, as in the bare server: 50 posts at a time through the SDK, without handling
 * failures.
 */
import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { Member } from '../../../lib';

const POSTS_AT_A_TIME = 50;
let client: ApiGatewayManagementApiClient | undefined;

export async function broadcastThroughSdk(members: AsyncIterable<Member>, data: string): Promise<void> {
  const all = members[Symbol.asyncIterator]();
  const poster = async () => {
    for (let next = await all.next(); !next.done; next = await all.next()) await post(next.value, data);
  };
  await Promise.all(Array.from({ length: POSTS_AT_A_TIME }, poster));
}

function post({ callbackUrl, webSocketId }: Member, data: string): Promise<unknown> {
  client ??= new ApiGatewayManagementApiClient({ endpoint: callbackUrl });
  return client.send(new PostToConnectionCommand({ ConnectionId: webSocketId, Data: data }));
}
