import { RoomsServer } from '../../../functions/rooms/server';
import { connectionToken } from '../../../lib/realtime/token';
import { type TestClient, TestService } from '../../../lib/testing';
import { pageModules } from '../../web/page-modules';

const KEY = '0123456789abcdef0123456789abcdef';
const all = (client: TestClient) =>
  client.received.flatMap((frame) => frame.split('\n')).map((text) => JSON.parse(text));

async function connected(test: TestService, connect: object): Promise<TestClient> {
  const client = await test.connect();
  await client.send({ id: 1, connect });
  return client;
}

describe('RoomsServer', () => {
  let test: TestService;

  beforeEach(() => {
    process.env.TOKEN_SECRET = 'a secret of these tests';
    test = new TestService(RoomsServer);
  });
  afterEach(() => {
    process.env.TOKEN_SECRET = undefined;
  });

  it('keeps as many lines as a page shows, so that all pages show the same', () => {
    const { LOG_SIZE } = pageModules<{ LOG_SIZE: number }>('rooms/room-log.mjs');
    expect(RoomsServer.channels['public:*']?.log?.size).toBe(LOG_SIZE);
  });

  it('recognizes a guest by the key, even under another name, and nobody by another key', async () => {
    const users: string[] = [];
    for (const [name, key] of [
      ['Ada', KEY],
      ['Countess', KEY],
      ['Ada', KEY.replace('0', '1')],
    ]) {
      const [{ connect }] = all(await connected(test, { data: { name, secret: key } }));
      users.push(connect.data.user);
    }
    const [ada, again, other] = users;
    expect(ada).toMatch(/^guest:[\w-]{22}$/);
    expect(again).toBe(ada);
    expect(other).not.toBe(ada);
    expect(users.join()).not.toContain(KEY);
  });

  it('shows a guest’s normalized name to the others in a channel', async () => {
    const client = await connected(test, { data: { name: '  Ada   Lovelace ', secret: KEY } });
    await client.send({ id: 2, subscribe: { channel: 'public:1' } });
    await client.send({ id: 3, presence: { channel: 'public:1' } });
    expect(all(client).at(-1)?.presence.presence[client.webSocketId].conn_info).toEqual({
      name: 'Ada Lovelace',
    });
  });

  it.each([
    ['a short secret', { name: 'Ada', secret: 'short' }, /data\.secret/],
    ['no name', { secret: KEY }, /data\.name/],
    ['an invisible name', { name: 'A\u200bda', secret: KEY }, /data\.name may not contain/],
    ['a long name', { name: 'x'.repeat(65), secret: KEY }, /data\.name may have up to 64/],
  ])('refuses %s', async (_what, data, message) => {
    const [reply] = all(await connected(test, { data }));
    expect(reply).toEqual({ id: 1, error: { code: 107, message: expect.stringMatching(message) } });
  });

  it('leaves a client without data anonymous, and a client with a token its user', async () => {
    expect(all(await connected(test, {}))[0].connect.data).toBeUndefined();
    expect(all(await connected(test, { data: { version: 1 } }))[0].connect.data).toBeUndefined();
    const token = connectionToken({ user: 'ada' }, 'a secret of these tests');
    const client = await connected(test, { token, data: { name: 'Bob', secret: KEY } });
    await client.send({ id: 2, subscribe: { channel: 'public:1' } });
    await client.send({ id: 3, presence: { channel: 'public:1' } });
    expect(all(client).at(-1)?.presence.presence[client.webSocketId].user).toBe('ada');
  });
});
