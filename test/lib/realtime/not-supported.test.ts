/** What Centrifuge's client receives for unsupported features: the rows of docs/realtime-clients.md. */
import { Centrifuge, type SubscribedContext, type SubscriptionOptions } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import type { ChannelRules } from '../../../lib';
import { RealtimeServer } from '../../../lib/realtime';
import { subscriptionToken } from '../../../lib/realtime/token';
import { TestService } from '../../../lib/testing';
import { webSocketTo } from './test-socket';

const SECRET = 'a secret of these tests';

class Rooms extends RealtimeServer {
  static override readonly anonymous = true;
  static override readonly channels: ChannelRules = {
    'room/*': { log: { size: 5, seconds: 600 }, presence: true, joinLeave: true },
  };
  override async tokenKeys() {
    return { secret: SECRET };
  }
  override async onSubscribe(...[channel, request]: Parameters<RealtimeServer['onSubscribe']>) {
    return request?.token ? super.onSubscribe(channel, request) : true;
  }
  override async onPublish() {
    return true;
  }
}

describe('what RealtimeServer does not support', () => {
  let test: TestService;
  let client: Centrifuge;

  beforeEach(() => {
    test = new TestService(Rooms);
    client = new Centrifuge('ws://test', { websocket: webSocketTo(test), minReconnectDelay: 1 });
    client.connect();
  });
  afterEach(() => client.disconnect());

  const unsubscribed = (subscription: ReturnType<Centrifuge['newSubscription']>) =>
    new Promise<{ code: number; reason: string }>((resolve) => {
      subscription.on('unsubscribed', resolve);
      subscription.subscribe();
    });
  const subscribed = (options: Partial<SubscriptionOptions> = {}) =>
    new Promise<SubscribedContext>((resolve) => {
      const subscription = client.newSubscription('room/1', options);
      subscription.on('subscribed', resolve);
      subscription.subscribe();
    });
  /** What a client receives if its application sends what no library would send. */
  const answers = async (...commands: object[]) => {
    const raw = await test.connect();
    for (const command of [{ id: 1, connect: {} }, ...commands]) await raw.send(command);
    return raw.received.flatMap((frame) => frame.split('\n')).map((text) => JSON.parse(text));
  };

  it('refuses the binary form in the handshake', async () => {
    const binary = new ProtobufCentrifuge('ws://test', {
      websocket: webSocketTo(test),
      minReconnectDelay: 1,
    });
    const refused = new Promise((resolve) => binary.once('error', resolve));
    binary.connect();
    expect(await refused).toMatchObject({ type: 'transport' });
    binary.disconnect();
    await expect(test.connect({ subprotocols: ['centrifuge-protobuf'] })).rejects.toThrow('400');
    await expect(test.connect({ query: { format: 'protobuf' } })).rejects.toThrow('400');
  });

  it.each([
    ['a map', () => client.newMapSubscription('room/1'), 'subscriptions of type 1'],
    ['a map of clients', () => client.newMapClientsSubscription('room/1'), 'subscriptions of type 2'],
    ['a map of users', () => client.newMapUsersSubscription('room/1'), 'subscriptions of type 3'],
    [
      'a shared poll',
      () =>
        client.newSharedPollSubscription('room/1', {
          getSignature: async () => ({ keys: [], signature: '' }),
        }),
      'subscriptions of type 4',
    ],
    [
      'a filter by tags',
      () => client.newSubscription('room/1', { tagsFilter: { key: 'a', cmp: 'eq', val: 'b' } }),
      'filters by tags',
    ],
  ] as const)('ends a subscription that asks for %s with 108', async (_what, subscription, what) => {
    expect(await unsubscribed(subscription() as never)).toMatchObject({
      code: 108,
      reason: `not available: ${what}`,
    });
  });

  it('ends a subscription to a pattern of channels with 107', async () => {
    expect(await unsubscribed(client.newSubscription('room/*'))).toMatchObject({ code: 107 });
  });

  it.each([
    ['a publication with a key', { publish: { channel: 'room/1', data: 1, type: 1, key: 'k' } }],
    ['the removal of a key', { publish: { channel: 'room/1', data: 1, removed: true } }],
    ['tracking of keys', { sub_refresh: { channel: 'room/1', type: 1, track: [] } }],
    ['an end of tracking', { sub_refresh: { channel: 'room/1', type: 2, untrack: [] } }],
  ])('refuses %s with 108', async (_what, command) => {
    expect((await answers({ id: 2, ...command })).at(-1)).toMatchObject({ id: 2, error: { code: 108 } });
  });

  it('sends whole publications to a client that requests deltas', async () => {
    const heard: unknown[] = [];
    const subscription = client.newSubscription('room/1', { delta: 'fossil' });
    subscription.on('publication', ({ data }) => heard.push(data));
    subscription.subscribe();
    await subscription.ready();
    for (const text of ['one line', 'one line more']) await subscription.publish(text);
    await client.ready();
    expect(heard).toEqual(['one line', 'one line more']);
  });

  it('works without a compression dictionary and without numbers for channels', async () => {
    const [connected, answer] = await answers({ id: 2, subscribe: { channel: 'room/1', flag: 1 } });
    expect(connected.connect).not.toHaveProperty('flag');
    expect(answer.subscribe).not.toHaveProperty('id');
    const raw = await test.connect();
    await raw.send({ id: 1, connect: { flag: 1, dict: 'a dictionary', profile: 'a page' } });
    expect(Object.keys(JSON.parse(raw.received[0] ?? '').connect).sort()).toEqual(['client', 'version']);
  });

  it('lets the rule of a channel decide on recovery, joins and leaves, whatever the client requests', async () => {
    expect(await subscribed({ positioned: false, recoverable: false, joinLeave: false })).toMatchObject({
      recoverable: true,
      positioned: true,
    });
  });

  it('ignores the info in a subscription token', async () => {
    const token = subscriptionToken({ channel: 'room/1' }, SECRET);
    const [, , { presence }] = await answers(
      { id: 2, subscribe: { channel: 'room/1', token } },
      { id: 3, presence: { channel: 'room/1' } },
    ).then((all) => all.filter(({ id }) => id));
    for (const info of Object.values(presence.presence)) expect(info).not.toHaveProperty('chan_info');
  });

  it('closes a connection with a unidirectional protocol with 3501', async () => {
    const raw = await test.connect();
    await raw.send({ token: 'a token', subs: {} });
    expect(JSON.parse(raw.received[0] ?? '')).toEqual({
      push: { disconnect: { code: 3501, reason: 'bad request: a command names no method' } },
    });
    expect(test.gateway.isOpen(raw.webSocketId)).toBe(false);
  });

  it('does not let such a client reconnect', async () => {
    const stopped = new Promise((resolve) => client.once('disconnected', resolve));
    await client.ready();
    const { _transport } = client as unknown as { _transport: { send(frame: string): void } };
    _transport.send('no JSON');
    expect(await stopped).toMatchObject({ code: 3501 });
  });
});
