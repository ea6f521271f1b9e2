import { sleep } from '../../../../lib/clock';
import { lambdaContext } from '../../../../lib/testing';
import { CallingApi, pushes } from './calling-api';

describe('the API of a realtime service', () => {
  let api: CallingApi;
  beforeEach(() => {
    api = new CallingApi();
  });

  it('lists the members of a channel', async () => {
    const [ada, bob] = [await api.inside('ada', 'room/1'), await api.inside('bob', 'room/1')];
    await api.inside('ada', 'room/1');
    const { result } = await api.call('presence', { channel: 'room/1' });
    expect(Object.keys(result.presence)).toHaveLength(3);
    expect(result.presence[ada.webSocketId]).toEqual({
      user: 'ada',
      client: ada.webSocketId,
      conn_info: { of: 'ada' },
    });
    expect(result.presence[bob.webSocketId]).toMatchObject({ user: 'bob' });
    expect(await api.call('presence_stats', { channel: 'room/1' })).toEqual({
      result: { num_clients: 3, num_users: 2 },
    });
  });

  it('subscribes a user’s connections to a channel without a log, and notifies them', async () => {
    const [ada, also] = [await api.client('ada'), await api.client('ada')];
    const bob = await api.client('bob');
    const request = { channel: 'open/1', user: 'ada', data: { hello: 1 } };
    expect(await api.call('subscribe', request)).toEqual({ result: {} });
    const told = { channel: 'open/1', subscribe: { data: { hello: 1 } } };
    for (const client of [ada, also]) expect(pushes(client)).toEqual([told]);
    expect(pushes(bob)).toEqual([]);
    await api.call('publish', { channel: 'open/1', data: 1 });
    expect(pushes(ada).at(-1)).toEqual({ channel: 'open/1', pub: { data: 1 } });
  });

  it('subscribes a client to a channel with a log from its current position', async () => {
    await api.call('publish', { channel: 'room/1', data: 'before' });
    const ada = await api.client('ada');
    await api.client('ada');
    await api.call('subscribe', { channel: 'room/1', client: ada.webSocketId, data: 7 });
    await api.call('publish', { channel: 'room/1', data: 'after' });
    const epoch = expect.any(String);
    expect(pushes(ada)).toEqual([
      { channel: 'room/1', subscribe: { recoverable: true, positioned: true, epoch, offset: 1, data: 7 } },
      { channel: 'room/1', pub: { data: 'after', offset: 2 } },
    ]);
    expect(await api.call('presence_stats', { channel: 'room/1' })).toMatchObject({
      result: { num_clients: 1 },
    });
  });

  it('leaves a connection unchanged that is already in the channel', async () => {
    const ada = await api.inside('ada', 'room/1');
    await api.call('subscribe', { channel: 'room/1', user: 'ada' });
    expect(pushes(ada)).toEqual([]);
  });

  it('refuses one channel too many', async () => {
    await api.client('ada');
    for (const n of [1, 2, 3]) await api.call('subscribe', { channel: `open/${n}`, user: 'ada' });
    expect(await api.call('subscribe', { channel: 'open/4', user: 'ada' })).toEqual({
      error: { code: 106, message: 'limit exceeded: 3 channels' },
    });
  });

  it('ends a subscription when it expires', async () => {
    const { clock } = api.test;
    const ada = await api.client('ada');
    const expire_at = Math.floor(clock.now() / 1_000) + 60;
    await api.call('subscribe', { channel: 'open/1', user: 'ada', expire_at });
    await sleep(clock, 120_000);
    await api.test.handlers.server({ type: 'sweep' }, lambdaContext());
    await api.test.runQueued();
    expect(pushes(ada).at(-1)).toEqual({
      channel: 'open/1',
      unsubscribe: { code: 2501, reason: 'subscription expired' },
    });
  });

  it.each([
    { override: { presence: { value: true } } },
    { info: { a: 1 } },
    { recover_since: { offset: 1 } },
  ])('refuses to subscribe with %j, which has no effect here', async (more) => {
    const request = { channel: 'room/1', user: 'ada', ...more };
    expect(await api.call('subscribe', request)).toMatchObject({ error: { code: 108 } });
  });

  it.each(['room/1', 'open/1'])('unsubscribes a user from %s', async (channel) => {
    const [ada, bob] = [await api.inside('ada', channel), await api.inside('bob', channel)];
    await api.call('unsubscribe', { channel, user: 'ada' });
    await api.call('publish', { channel, data: 1 });
    expect(pushes(ada)).toEqual([{ channel, unsubscribe: { code: 2000, reason: 'server unsubscribe' } }]);
    expect(pushes(bob)).toHaveLength(1);
  });

  it('disconnects a user, except for the given connections', async () => {
    const [ada, kept, bob] = [await api.client('ada'), await api.client('ada'), await api.client('bob')];
    await api.call('disconnect', { user: 'ada', whitelist: [kept.webSocketId] });
    expect(pushes(ada)).toEqual([{ disconnect: { code: 3503, reason: 'force disconnect' } }]);
    const isOpen = [ada, kept, bob].map(({ webSocketId }) => api.test.gateway.isOpen(webSocketId));
    expect(isOpen).toEqual([false, true, true]);
  });

  it('accepts the parameter names that gocent sends', async () => {
    const [ada, kept] = [await api.client('ada'), await api.client('ada')];
    const Disconnect = { code: 4_001, reason: 'moved', reconnect: false };
    await api.call('disconnect', { user: 'ada', Disconnect, ClientWhitelist: [kept.webSocketId] });
    expect(pushes(ada)).toEqual([{ disconnect: { code: 4_001, reason: 'moved' } }]);
    expect(pushes(kept)).toEqual([]);
  });

  it('disconnects one client with a code of its own', async () => {
    const [ada, other] = [await api.client('ada'), await api.client('ada')];
    const disconnect = { code: 4_001, reason: 'moved' };
    await api.call('disconnect', { user: 'ada', client: ada.webSocketId, disconnect });
    expect(pushes(ada)).toEqual([{ disconnect }]);
    expect(pushes(other)).toEqual([]);
    await api.call('disconnect', { user: 'bob', client: other.webSocketId });
    expect(api.test.gateway.isOpen(other.webSocketId)).toBe(true);
  });

  it.each([
    ['nobody', {}, 107],
    ['a code that is not the protocol’s', { user: 'ada', disconnect: { code: 1_000 } }, 107],
    ['a session', { user: 'ada', session: 'x' }, 108],
    ['a filter', { user: 'ada', label_filter: { op: 'and' } }, 108],
  ])('refuses to disconnect %s', async (_what, request, code) => {
    const ada = await api.client('ada');
    expect(await api.call('disconnect', request)).toMatchObject({ error: { code } });
    expect(api.test.gateway.isOpen(ada.webSocketId)).toBe(true);
  });

  it('sets when connections expire, and the public info of their user', async () => {
    const ada = await api.inside('ada', 'room/1');
    // If two identifications are from the same millisecond, either may win.
    await sleep(api.test.clock, 1);
    const expire_at = Math.floor(api.test.clock.now() / 1_000) + 60;
    await api.call('refresh', { user: 'ada', expire_at, info: { of: 'Ada' } });
    expect(pushes(ada)).toEqual([{ refresh: { expires: true, ttl: expect.any(Number) } }]);
    const { result } = await api.call('presence', { channel: 'room/1' });
    expect(result.presence[ada.webSocketId]).toMatchObject({ conn_info: { of: 'Ada' } });
  });

  it('closes connections that it is told have expired', async () => {
    const ada = await api.client('ada');
    await api.call('refresh', { user: 'ada', expired: true });
    expect(pushes(ada)).toEqual([{ disconnect: { code: 3005, reason: 'connection expired' } }]);
    expect(api.test.gateway.isOpen(ada.webSocketId)).toBe(false);
  });

  it('lists the channels that have members, with their number', async () => {
    const ada = await api.inside('ada', 'room/1');
    await ada.send({ id: 3, subscribe: { channel: 'open/1' } });
    await api.inside('bob', 'room/1');
    await api.call('publish', { channel: 'room/2', data: 1 });
    expect(await api.call('channels', {})).toEqual({
      result: { channels: { 'open/1': { num_clients: 1 }, 'room/1': { num_clients: 2 } } },
    });
    expect(await api.call('channels', { pattern: 'room*' })).toEqual({
      result: { channels: { 'room/1': { num_clients: 2 } } },
    });
    expect(await api.call('channels', { pattern: '{a,b}' })).toMatchObject({ error: { code: 108 } });
  });

  it('lists the connections of a user with their channels', async () => {
    const ada = await api.inside('ada', 'room/1');
    await api.client('bob');
    expect(await api.call('connections', { user: 'ada', expression: '' })).toEqual({
      result: {
        connections: {
          [ada.webSocketId]: {
            ...{ transport: 'websocket', protocol: 'json', user: 'ada' },
            state: { channels: { 'room/1': {} } },
            connected_at_ms: expect.any(Number),
          },
        },
      },
    });
  });

  it('counts clients and users', async () => {
    for (const user of ['ada', 'ada', 'bob']) await api.client(user);
    expect(await api.call('info', {})).toEqual({
      result: {
        nodes: [{ uid: 'chat', name: 'chat', version: 'shared-connection', num_clients: 3, num_users: 2 }],
      },
    });
  });
});
