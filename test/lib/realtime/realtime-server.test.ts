import { createHandlers } from '../../../lib';
import { connectionToken, subscriptionToken } from '../../../lib/realtime/token';
import { lambdaContext, ManualClock, messageEvent, TestService } from '../../../lib/testing';
import { all, connected, Rooms, SECRET, tokenOf } from './rooms';

describe('RealtimeServer', () => {
  it('replies to connect with the client id, and the lifetime of its token', async () => {
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

  it('runs several commands of a frame, and replies in one frame', async () => {
    const ada = await connected(new TestService(Rooms), 'ada');
    await ada.send('{"id":2,"rpc":{"method":"a","data":1}}\n{"id":3,"subscribe":{"channel":"open/1"}}\n{}\n');
    expect(ada.received).toHaveLength(2);
    expect(all(ada).slice(1)).toEqual([
      { id: 2, rpc: { data: { method: 'a', data: 1, by: 'ada' } } },
      { id: 3, subscribe: {} },
    ]);
  });

  it('replies with a temporary error if a hook throws, and continues', async () => {
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
  ])('refuses unsupported commands: %s', async (_what, command, what) => {
    const ada = await connected(new TestService(Rooms), 'ada');
    await ada.send({ id: 2, ...command });
    expect(all(ada)[1]).toEqual({ id: 2, error: { code: 108, message: `not available: ${what}` } });
  });

  it('counts each command of a frame towards the limits of the connection', async () => {
    const ada = await connected(new TestService(Rooms), 'ada');
    await ada.send('{"id":2,"ping":{}}\n'.repeat(300));
    await ada.send('{"id":3,"ping":{}}\n'.repeat(300));
    const refused = all(ada).filter(({ error }) => error?.code === 111);
    expect(refused).toHaveLength(300);
  });

  it('accepts one connect of a client, even in an environment that does not know about it yet', async () => {
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
});
