/** A realtime service with rooms, and its clients. */
import { type ChannelRules, Service } from '../../../lib';
import { RealtimeServer } from '../../../lib/realtime';
import { connectionToken } from '../../../lib/realtime/token';
import type { TestClient, TestService } from '../../../lib/testing';

export const SECRET = 'a secret of these tests';

export class Rooms extends RealtimeServer {
  static override readonly channels: ChannelRules = {
    'room/*': { log: { size: 5, seconds: 600 }, presence: true, joinLeave: true },
    'open/*': { presence: true },
  };
  override async tokenKeys() {
    return { secret: SECRET };
  }
  override async onSubscribe(...[channel, request]: Parameters<RealtimeServer['onSubscribe']>) {
    return channel.startsWith('secret/') ? super.onSubscribe(channel, request) : true;
  }
  override async onPublish(channel: string) {
    return !channel.startsWith('secret/');
  }
  override async onRpc(method: string, data: unknown) {
    if (method === 'fail') throw new Error('a bug');
    return { method, data, by: this.user };
  }
}

export const tokenOf = (user: string, more = {}) =>
  connectionToken({ user, info: { name: user.toUpperCase() }, ...more }, SECRET);

/** Every reply and push that the client has received, in order. */
export const all = (client: TestClient) =>
  client.received.flatMap((frame) => frame.split('\n')).map((text) => JSON.parse(text));

export async function connected(test: TestService, user: string, more = {}): Promise<TestClient> {
  const client = await test.connect();
  await client.send({ id: 1, connect: { token: tokenOf(user, more) } });
  return client;
}

export const inside = (test: TestService) =>
  new Service('chat', { backend: test.backend, serverClass: Rooms, serverFunction: 'chat-server' });
