import { type ChannelRules, ConnectionsApiError, createHandlers, Service } from '../../../lib';
import { Disconnection, RealtimeServer } from '../../../lib/realtime';
import { connectionToken, subscriptionToken } from '../../../lib/realtime/token';
import {
  lambdaContext,
  ManualClock,
  messageEvent,
  SkippingClock,
  type TestClient,
  TestService,
} from '../../../lib/testing';

const SECRET = 'a secret of these tests';

class Rooms extends RealtimeServer {
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

const tokenOf = (user: string, more = {}) =>
  connectionToken({ user, info: { name: user.toUpperCase() }, ...more }, SECRET);

/** Every reply and push that the client has received, one after the other. */
const all = (client: TestClient) =>
  client.received.flatMap((frame) => frame.split('\n')).map((text) => JSON.parse(text));

async function connected(test: TestService, user: string, more = {}): Promise<TestClient> {
  const client = await test.connect();
  await client.send({ id: 1, connect: { token: tokenOf(user, more) } });
  return client;
}

const inside = (test: TestService) =>
  new Service('chat', { backend: test.backend, serverClass: Rooms, serverFunction: 'chat-server' });

describe('RealtimeServer', () => {
  it('answers connect with the client, and the lifetime of its token', async () => {
    const ada = await connected(new TestService(Rooms), 'ada');
    expect(all(ada)).toEqual([
      {
        id: 1,
        connect: {
          client: ada.webSocketId,
          version: expect.any(String),
          expires: true,
          ttl: expect.any(Number),
        },
      },
    ]);
  });

  it.each([
    ['no token', {}, [{ id: 1, error: { code: 101, message: 'unauthorized' } }]],
    [
      'another key',
      { token: connectionToken({ user: 'eve' }, 'other') },
      [{ push: { disconnect: { code: 3500, reason: 'invalid token' } } }],
    ],
    [
      'a token for a channel',
      { token: subscriptionToken({ user: 'eve', channel: 'x' }, SECRET) },
      [{ push: { disconnect: { code: 3500, reason: 'invalid token' } } }],
    ],
  ])('refuses a client with %s', async (_what, connect, answer) => {
    const eve = await new TestService(Rooms).connect();
    await eve.send({ id: 1, connect });
    expect(all(eve)).toEqual(answer);
  });

  it('asks for a new token if the old one has expired', async () => {
    const clock = new ManualClock(Date.now() + 7_200_000);
    const ada = await new TestService(Rooms, { clock }).connect();
    await ada.send({ id: 1, connect: { token: tokenOf('ada') } });
    expect(all(ada)).toEqual([{ id: 1, error: { code: 109, message: 'token expired' } }]);
  });

  it('closes the connection of a client that subscribes before it connects', async () => {
    const test = new TestService(Rooms);
    const ada = await test.connect();
    await ada.send({ id: 1, subscribe: { channel: 'room/1' } });
    expect(all(ada)).toEqual([
      { push: { disconnect: { code: 3501, reason: 'bad request: subscribe before connect' } } },
    ]);
    expect(test.gateway.isOpen(ada.webSocketId)).toBe(false);
  });

  it('runs several commands of a frame, and answers them in one', async () => {
    const ada = await connected(new TestService(Rooms), 'ada');
    await ada.send('{"id":2,"rpc":{"method":"a","data":1}}\n{"id":3,"subscribe":{"channel":"open/1"}}\n{}\n');
    expect(ada.received).toHaveLength(2);
    expect(all(ada).slice(1)).toEqual([
      { id: 2, rpc: { data: { method: 'a', data: 1, by: 'ada' } } },
      { id: 3, subscribe: {} },
    ]);
  });

  it('publishes to a channel without a log, with the publisher', async () => {
    const test = new TestService(Rooms);
    const [ada, bob] = [await connected(test, 'ada'), await connected(test, 'bob')];
    await bob.send({ id: 2, subscribe: { channel: 'open/1' } });
    await ada.send({ id: 2, publish: { channel: 'open/1', data: { n: 1 } } });
    expect(all(ada).at(-1)).toEqual({ id: 2, publish: {} });
    const info = { user: 'ada', client: ada.webSocketId, conn_info: { name: 'ADA' } };
    expect(all(bob).at(-1)).toEqual({ push: { channel: 'open/1', pub: { data: { n: 1 }, info } } });
  });

  it('answers a subscription to a channel with a log with its position, and posts each line', async () => {
    const test = new TestService(Rooms);
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recoverable: true } });
    await ada.send({ id: 3, publish: { channel: 'room/1', data: 'one' } });
    const [, subscribed, ...pushed] = all(ada);
    expect(subscribed).toEqual({
      id: 2,
      subscribe: { recoverable: true, positioned: true, epoch: expect.any(String), offset: 0 },
    });
    expect(pushed).toContainEqual({
      push: { channel: 'room/1', pub: { data: 'one', offset: 1, info: expect.anything() } },
    });
    expect(pushed).toContainEqual({ id: 3, publish: {} });
  });

  it('gives a client that comes back what it has missed', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    const { position } = await channel.publish('one');
    await channel.publish('two');
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recover: true, ...position } });
    expect(all(ada)[1]).toEqual({
      id: 2,
      subscribe: {
        ...{ recoverable: true, positioned: true, was_recovering: true, recovered: true, ...position },
        publications: [{ data: 'two', offset: 2 }],
      },
    });
  });

  it('says that a client which was away for longer than the log has lost something', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    const { position } = await channel.publish(0);
    for (let n = 1; n <= 9; n++) await channel.publish(n);
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recover: true, ...position } });
    expect(all(ada)[1]).toMatchObject({
      id: 2,
      subscribe: { was_recovering: true, recovered: false, offset: 10 },
    });
  });

  it('answers a client that keeps the state itself with an error if it has lost something', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    const { position } = await channel.publish(0);
    for (let n = 1; n <= 9; n++) await channel.publish(n);
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recover: true, ...position, flag: 3 } });
    expect(all(ada).slice(1)).toEqual([{ id: 2, error: { code: 112, message: 'unrecoverable position' } }]);
    const { epoch } = (await channel.history()) as { epoch: string };
    await ada.send({ id: 3, subscribe: { channel: 'room/1', recover: true, epoch, offset: 10, flag: 3 } });
    expect(all(ada).at(-1)).toMatchObject({ id: 3, subscribe: { recovered: true, offset: 10 } });
  });

  it('lets a client recover that knows its offset and no epoch', async () => {
    const test = new TestService(Rooms);
    for (const text of ['one', 'two']) await inside(test).channel('room/1').publish(text);
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recover: true, offset: 1 } });
    await ada.send({ id: 3, history: { channel: 'room/1', limit: -1, since: { offset: 1 } } });
    await ada.send({ id: 4, history: { channel: 'room/1', limit: -1, since: { offset: 2 }, reverse: true } });
    expect(all(ada).filter(({ id }) => id > 1)).toMatchObject([
      { id: 2, subscribe: { recovered: true, publications: [{ data: 'two', offset: 2 }] } },
      { id: 3, history: { publications: [{ data: 'two', offset: 2 }] } },
      { id: 4, history: { publications: [{ data: 'one', offset: 1 }] } },
    ]);
  });

  it('runs the subscriptions of a frame side by side, as a client with many of them comes back', async () => {
    let [running, most] = [0, 0];
    class Waiting extends Rooms {
      override async onSubscribe() {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return true;
      }
    }
    const ada = await connected(new TestService(Waiting), 'ada');
    const commands = Array.from({ length: 40 }, (_, n) => ({
      id: n + 2,
      subscribe: { channel: `open/${n}` },
    }));
    await ada.send(commands.map((command) => JSON.stringify(command)).join('\n'));
    expect(
      all(ada)
        .slice(1)
        .sort((one, other) => one.id - other.id),
    ).toEqual(commands.map(({ id }) => ({ id, subscribe: {} })));
    expect(most).toBe(10);
  });

  it('notes when each of the subscriptions of a frame expires, with few writes', async () => {
    let updates = 0;
    const test = new TestService(Rooms, {
      intercept: async ({ operation, subject }, apply) => {
        if (operation === 'update' && subject.includes('CONNECTION')) updates += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return apply();
      },
    });
    const ada = await connected(test, 'ada');
    const channels = Array.from({ length: 30 }, (_, n) => `secret/${n}`);
    const commands = channels.map((channel, n) => ({
      ...{ id: n + 2, subscribe: { channel, token: subscriptionToken({ user: 'ada', channel }, SECRET) } },
    }));
    await ada.send(commands.map((command) => JSON.stringify(command)).join('\n'));
    expect(all(ada).filter(({ subscribe }) => subscribe?.expires)).toHaveLength(30);
    const connection = test.table.items().find(({ sk }) => sk === 'CONNECTION');
    const { attributes } = connection as unknown as { attributes: Record<string, unknown> };
    const subscriptions = Object.keys(attributes).filter((name) => name.startsWith('realtime:'));
    expect(subscriptions).toHaveLength(30);
    // One for each membership, and one for every ten that the connection notes.
    expect(updates).toBeLessThan(45);
  });

  it('ends the connection after all subscriptions of a frame if one of them closes it', async () => {
    class Closing extends Rooms {
      override async onSubscribe(channel: string): Promise<boolean> {
        if (channel === 'open/2') throw new Disconnection(4500, 'no more');
        return true;
      }
    }
    const test = new TestService(Closing);
    const ada = await connected(test, 'ada');
    const commands = [1, 2, 3].map((n) => JSON.stringify({ id: n + 1, subscribe: { channel: `open/${n}` } }));
    await ada.send(commands.join('\n'));
    expect(all(ada).at(-1)).toEqual({ push: { disconnect: { code: 4500, reason: 'no more' } } });
    expect(test.gateway.isOpen(ada.webSocketId)).toBe(false);
  });

  it('takes a frame with as many subscriptions as a connection may have', async () => {
    class Many extends Rooms {
      static override readonly limits = { channels: 300 };
    }
    const test = new TestService(Many);
    const ada = await connected(test, 'ada');
    const commands = Array.from({ length: 300 }, (_, n) => ({
      id: n + 2,
      subscribe: { channel: `open/${n}` },
    }));
    await ada.send(commands.map((command) => JSON.stringify(command)).join('\n'));
    expect(all(ada).slice(1)).toHaveLength(300);
    const bob = await test.connect();
    await bob.send('{"id":999,"ping":{}}\n'.repeat(600));
    expect(all(bob).at(-1)).toMatchObject({ push: { disconnect: { code: 3501 } } });
  });

  it('sends the rest of what was missed after an answer that is full', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    const { position } = await channel.publish('one');
    for (let n = 2; n <= 5; n++) await channel.publish(`${n}`.repeat(10_000));
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recover: true, ...position } });
    const [, answer, ...rest] = all(ada);
    expect(answer.subscribe).toMatchObject({
      recovered: true,
      offset: 1,
      publications: [{ offset: 2 }, { offset: 3 }],
    });
    expect(rest.map(({ push }) => push.pub?.offset).filter(Boolean)).toEqual([4, 5]);
  });

  it('subscribes a connection to the channels of its token', async () => {
    const test = new TestService(Rooms);
    await inside(test).channel('room/1').publish('one');
    const ada = await connected(test, 'ada', { channels: ['open/1', 'room/1'] });
    expect(all(ada)).toMatchObject([
      { connect: { subs: { 'open/1': {} } } },
      { push: { channel: 'room/1', subscribe: { recoverable: true, positioned: true, offset: 1 } } },
    ]);
  });

  it('goes on where a client was in a channel of its token', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    const { position } = await channel.publish('one');
    await channel.publish('two');
    const ada = await test.connect();
    const subs = { 'room/1': { recover: true, ...position } };
    await ada.send({ id: 1, connect: { token: tokenOf('ada', { channels: ['room/1'] }), subs } });
    expect(all(ada).slice(0, 2)).toMatchObject([
      { connect: { subs: { 'room/1': { recovered: true, was_recovering: true, ...position } } } },
      { push: { channel: 'room/1', pub: { data: 'two', offset: 2 } } },
    ]);
  });

  it('ends a subscription of the server that cannot go on, and begins another', async () => {
    const test = new TestService(Rooms);
    await inside(test).channel('room/1').publish('one');
    const ada = await test.connect();
    const subs = { 'room/1': { recover: true, epoch: 'another', offset: 7 } };
    await ada.send({ id: 1, connect: { token: tokenOf('ada', { channels: ['room/1'] }), subs } });
    expect(all(ada).slice(1, 3)).toMatchObject([
      { push: { channel: 'room/1', unsubscribe: { code: 2500 } } },
      { push: { channel: 'room/1', subscribe: { recoverable: true, offset: 1 } } },
    ]);
  });

  it('takes a subscription token of this user and channel only', async () => {
    const ada = await connected(new TestService(Rooms), 'ada');
    const token = (user: string, channel: string) => subscriptionToken({ user, channel }, SECRET);
    await ada.send({ id: 2, subscribe: { channel: 'secret/1', token: token('ada', 'secret/1') } });
    await ada.send({ id: 3, subscribe: { channel: 'secret/2', token: token('bob', 'secret/2') } });
    await ada.send({ id: 4, subscribe: { channel: 'secret/2', token: token('ada', 'secret/1') } });
    await ada.send({ id: 5, subscribe: { channel: 'secret/2' } });
    const denied = { code: 103, message: 'permission denied' };
    expect(all(ada).slice(1)).toEqual([
      { id: 2, subscribe: { expires: true, ttl: expect.any(Number) } },
      ...[3, 4, 5].map((id) => ({ id, error: denied })),
    ]);
  });

  it('forgets when a subscription expires that its client has ended', async () => {
    const clock = new SkippingClock(Date.now());
    const test = new TestService(Rooms, { clock });
    const ada = await connected(test, 'ada');
    const token = subscriptionToken({ user: 'ada', channel: 'secret/1', seconds: 60 }, SECRET);
    await ada.send({ id: 2, subscribe: { channel: 'secret/1', token } });
    await ada.send({ id: 3, unsubscribe: { channel: 'secret/1' } });
    await clock.advance(120_000);
    await test.handlers.server({ type: 'sweep' }, lambdaContext());
    await test.runQueued();
    // Some clients that are told to subscribe again do so, although they have left.
    expect(all(ada).at(-1)).toEqual({ id: 3, unsubscribe: {} });
    const connection = test.table.items().find(({ sk }) => sk === 'CONNECTION');
    expect(JSON.stringify(connection)).not.toContain('secret/1');
  });

  it('tells who is in a channel to those who are', async () => {
    const test = new TestService(Rooms);
    const [ada, bob] = [await connected(test, 'ada'), await connected(test, 'bob')];
    await ada.send({ id: 2, presence: { channel: 'open/1' } });
    for (const one of [ada, bob]) await one.send({ id: 3, subscribe: { channel: 'open/1' } });
    await ada.send({ id: 4, presence: { channel: 'open/1' } });
    await ada.send({ id: 5, presence_stats: { channel: 'open/1' } });
    expect(all(ada).slice(1)).toEqual([
      { id: 2, error: { code: 103, message: 'permission denied' } },
      { id: 3, subscribe: {} },
      {
        id: 4,
        presence: {
          presence: {
            [ada.webSocketId]: { user: 'ada', client: ada.webSocketId, conn_info: { name: 'ADA' } },
            [bob.webSocketId]: { user: 'bob', client: bob.webSocketId, conn_info: { name: 'BOB' } },
          },
        },
      },
      { id: 5, presence_stats: { num_clients: 2, num_users: 2 } },
    ]);
  });

  it('tells joins and leaves of each connection', async () => {
    const test = new TestService(Rooms);
    const [ada, bob] = [await connected(test, 'ada'), await connected(test, 'bob')];
    await ada.send({ id: 2, subscribe: { channel: 'room/1' } });
    await bob.send({ id: 2, subscribe: { channel: 'room/1' } });
    await bob.send({ id: 3, unsubscribe: { channel: 'room/1' } });
    const info = { user: 'bob', client: bob.webSocketId, conn_info: { name: 'BOB' } };
    const ofBob = ({
      push,
    }: {
      push?: { join?: { info: { user: string } }; leave?: { info: { user: string } } };
    }) => (push?.join ?? push?.leave)?.info.user === 'bob';
    expect(all(ada).filter(ofBob)).toEqual([
      { push: { channel: 'room/1', join: { info } } },
      { push: { channel: 'room/1', leave: { info } } },
    ]);
  });

  it('tells those who join at the same time of each other', async () => {
    const test = new TestService(Rooms);
    const clients = [await connected(test, 'ada'), await connected(test, 'bob')];
    const subscribe = JSON.stringify({ id: 2, subscribe: { channel: 'room/1' } });
    for (const { webSocketId } of clients)
      await test.handlers.message(messageEvent(subscribe, { webSocketId }), lambdaContext());
    await test.runQueued();
    for (const client of clients) {
      const joined = all(client).flatMap(({ push }) => push?.join?.info.user ?? []);
      expect(joined.sort()).toEqual(['ada', 'bob']);
    }
  });

  it('reads the history of a channel with a log', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    for (const text of ['one', 'two', 'three']) await channel.publish(text);
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1' } });
    const { epoch } = all(ada)[1].subscribe;
    await ada.send({ id: 3, history: { channel: 'room/1', limit: 2 } });
    await ada.send({ id: 4, history: { channel: 'room/1' } });
    await ada.send({ id: 5, history: { channel: 'room/1', limit: -1, reverse: true } });
    await ada.send({ id: 6, history: { channel: 'room/1', limit: 1, since: { epoch, offset: 2 } } });
    await ada.send({ id: 7, history: { channel: 'room/1', limit: 1, since: { epoch: 'x', offset: 2 } } });
    const [one, two, three] = ['one', 'two', 'three'].map((data, n) => ({ data, offset: n + 1 }));
    expect(
      all(ada)
        .slice(2)
        .filter(({ id }) => id),
    ).toEqual([
      { id: 3, history: { publications: [one, two], epoch, offset: 3 } },
      { id: 4, history: { publications: [], epoch, offset: 3 } },
      { id: 5, history: { publications: [three, two, one], epoch, offset: 3 } },
      { id: 6, history: { publications: [three], epoch, offset: 3 } },
      { id: 7, error: { code: 112, message: 'unrecoverable position' } },
    ]);
  });

  it('answers a hook that throws with a temporary error, and goes on', async () => {
    const error = jest.spyOn(console, 'error').mockImplementation();
    const ada = await connected(new TestService(Rooms), 'ada');
    await ada.send('{"id":2,"rpc":{"method":"fail"}}\n{"id":3,"rpc":{"method":"ok"}}');
    expect(all(ada).slice(1)).toMatchObject([
      { id: 2, error: { code: 100, message: 'internal server error', temporary: true } },
      { id: 3, rpc: { data: { method: 'ok' } } },
    ]);
    expect(error.mock.calls[0]?.[0]).toContain('The command rpc of WebSocket');
    error.mockRestore();
  });

  it.each([
    ['delta type of subscription', { subscribe: { channel: 'room/1', type: 4 } }, 'subscriptions of type 4'],
    ['filter', { subscribe: { channel: 'room/1', tf: {} } }, 'filters by tags'],
    [
      'keyed publication',
      { publish: { channel: 'room/1', data: 1, type: 1, key: 'k' } },
      'publications with keys',
    ],
    ['history without a log', { history: { channel: 'open/1' } }, 'history of open/1'],
  ])('refuses what is not supported: %s', async (_what, command, what) => {
    const ada = await connected(new TestService(Rooms), 'ada');
    await ada.send({ id: 2, ...command });
    expect(all(ada)[1]).toEqual({ id: 2, error: { code: 108, message: `not available: ${what}` } });
  });

  it('lets a connection go on that renews its token, and ends one that does not', async () => {
    const clock = new SkippingClock(Date.now());
    const test = new TestService(Rooms, { clock });
    const [ada, bob] = [
      await connected(test, 'ada', { seconds: 60 }),
      await connected(test, 'bob', { seconds: 60 }),
    ];
    await ada.send({ id: 2, refresh: { token: tokenOf('ada', { seconds: 600 }) } });
    // The token is made by the machine's clock, which may be ahead of the test's.
    expect(all(ada)[1]).toMatchObject({ id: 2, refresh: { expires: true, ttl: expect.any(Number) } });
    expect(all(ada)[1].refresh.ttl).toBeGreaterThanOrEqual(600);
    await clock.advance(120_000);
    await test.handlers.server({ type: 'sweep' }, lambdaContext());
    await test.runQueued();
    expect([ada, bob].map(({ webSocketId }) => test.gateway.isOpen(webSocketId))).toEqual([true, false]);
    expect(all(bob).at(-1)).toEqual({ push: { disconnect: { code: 3005, reason: 'connection expired' } } });
  });

  describe('with a token that is renewed', () => {
    const channels = ['room/1', 'open/1'];
    const writesOf = async (info: object) => {
      const written: string[] = [];
      const test = new TestService(Rooms, {
        intercept: async ({ operation, subject }, apply) => {
          if (operation === 'update' && subject.includes('MEMBER#'))
            written.push(subject.split(' ')[0] ?? '');
          return apply();
        },
      });
      const ada = await connected(test, 'ada', { info: { name: 'Ada', color: 'red' } });
      for (const channel of channels) await ada.send({ id: 2, subscribe: { channel } });
      written.length = 0;
      await ada.send({ id: 3, refresh: { token: tokenOf('ada', { seconds: 600, info }) } });
      expect(all(ada)).toContainEqual({ id: 3, refresh: expect.objectContaining({ expires: true }) });
      return written.sort();
    };

    it('leaves the rows of its channels alone if it says the same of the user', async () => {
      expect(await writesOf({ color: 'red', name: 'Ada' })).toEqual([]);
    });

    it('writes what it says of the user to the rows of its channels', async () => {
      expect(await writesOf({ name: 'Countess' })).toEqual([
        ...['CHANNEL#chat#*', 'CHANNEL#chat#open/1', 'CHANNEL#chat#room/1'],
      ]);
    });
  });

  describe('with a token whose info could not be written to all rows', () => {
    let failures = 0;
    let test: TestService;
    let clock: SkippingClock;
    let ada: TestClient;
    let error: jest.SpyInstance;

    /** What the rows say of the user after these tokens, so many of which fail at the row of the channel. */
    const infosAfter = async (infos: string[], failing: number) => {
      failures = failing;
      for (const info of infos) {
        await clock.advance(1_000);
        await ada.send({ id: 3, refresh: { token: tokenOf('ada', { seconds: 600, info }) } });
      }
      return new Set(test.table.items().flatMap(({ info }) => (info === undefined ? [] : [info])));
    };

    beforeEach(async () => {
      error = jest.spyOn(console, 'error').mockImplementation(() => {});
      clock = new SkippingClock(Date.now());
      test = new TestService(Rooms, {
        clock,
        intercept: async ({ operation, subject }, apply) => {
          const isRow = operation === 'update' && /CHANNEL#chat#open.*MEMBER#/.test(subject);
          if (isRow && failures-- > 0) throw new Error('throttled');
          return apply();
        },
      });
      ada = await connected(test, 'ada', { info: 'a' });
      await ada.send({ id: 2, subscribe: { channel: 'open/1' } });
    });
    afterEach(() => error.mockRestore());

    it('writes them with the next token', async () => {
      expect(await infosAfter(['b'], 1)).toEqual(new Set(['a', 'b']));
      expect(await infosAfter(['b'], 0)).toEqual(new Set(['b']));
    });

    it('writes them with the next token, although one that took it back has failed, too', async () => {
      expect(await infosAfter(['b', 'a', 'a'], 2)).toEqual(new Set(['a']));
      expect(failures).toBe(-1);
    });
  });

  it('ends what has expired although the connections cannot be kept open', async () => {
    class KeptRooms extends Rooms {
      static override readonly keepAlive = true;
    }
    const clock = new SkippingClock(Date.now());
    const test = new TestService(KeptRooms, { clock });
    const ada = await connected(test, 'ada', { seconds: 60 });
    await clock.advance(120_000);
    const deliver = jest.spyOn(Service.prototype, 'deliver').mockRejectedValue(new Error('throttled'));
    await expect(test.handlers.server({ type: 'sweep' }, lambdaContext())).rejects.toThrow('throttled');
    expect(test.gateway.isOpen(ada.webSocketId)).toBe(false);
    deliver.mockRestore();
  });

  it('ends the next connection although one could not be ended', async () => {
    const error = jest.spyOn(console, 'error').mockImplementation();
    const clock = new SkippingClock(Date.now());
    const failing = new Set<string>();
    const test = new TestService(Rooms, {
      clock,
      intercept: async ({ operation, subject }, apply) => {
        if (operation === 'DELETE' && failing.has(subject))
          throw new ConnectionsApiError('DELETE', 500, 'a fault');
        return apply();
      },
    });
    const [ada, bob] = [
      await connected(test, 'ada', { seconds: 60 }),
      await connected(test, 'bob', { seconds: 61 }),
    ];
    failing.add(ada.webSocketId);
    await clock.advance(120_000);
    await test.handlers.server({ type: 'sweep' }, lambdaContext());
    expect([ada, bob].map(({ webSocketId }) => test.gateway.isOpen(webSocketId))).toEqual([true, false]);
    failing.clear();
    await test.handlers.server({ type: 'sweep' }, lambdaContext());
    expect(test.gateway.isOpen(ada.webSocketId)).toBe(false);
    error.mockRestore();
  });

  it('counts each command of a frame for the limits of the connection', async () => {
    const ada = await connected(new TestService(Rooms), 'ada');
    await ada.send('{"id":2,"ping":{}}\n'.repeat(300));
    await ada.send('{"id":3,"ping":{}}\n'.repeat(300));
    const refused = all(ada).filter(({ error }) => error?.code === 111);
    expect(refused).toHaveLength(300);
  });

  it('accepts one connect of a client, also in an environment that does not know of it yet', async () => {
    const test = new TestService(Rooms);
    const other = createHandlers(Rooms, {
      backend: test.backend,
      environment: { SERVICE_NAME: 'chat', SERVER_FUNCTION: 'chat-server' },
    });
    const ada = await test.connect();
    const connect = JSON.stringify({ id: 1, connect: { token: tokenOf('ada') } });
    const { webSocketId } = ada;
    // The environment of the handshake remembers that the client has not connected.
    await other.message(messageEvent(connect, { webSocketId }), lambdaContext());
    await test.handlers.message(messageEvent(connect, { webSocketId }), lambdaContext());
    expect(all(ada).at(-1)).toEqual({
      push: { disconnect: { code: 3501, reason: 'bad request: connect came twice' } },
    });
  });

  it('keeps when subscriptions expire that frames ask for side by side', async () => {
    const test = new TestService(Rooms);
    const ada = await connected(test, 'ada');
    const { webSocketId } = ada;
    const frames = ['secret/1', 'secret/2'].map((channel) =>
      JSON.stringify({
        id: 2,
        subscribe: { channel, token: subscriptionToken({ user: 'ada', channel }, SECRET) },
      }),
    );
    await Promise.all(
      frames.map((frame) => test.handlers.message(messageEvent(frame, { webSocketId }), lambdaContext())),
    );
    const connection = await test.service.store.connection(webSocketId);
    expect(Object.keys(connection?.attributes ?? {}).sort()).toEqual([
      'realtime',
      'realtime:secret/1',
      'realtime:secret/2',
    ]);
  });
});
