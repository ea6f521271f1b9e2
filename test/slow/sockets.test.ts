import { Service, SharedConnection, WebSocketDedicatedError } from '../../lib';
import type { Item } from '../../lib/table/item';
import { describeContract } from '../contract/contract';
import { type RunningApp, startApp } from '../runtime/running-app';
import { SocketClient } from '../runtime/socket-client';

describe('sockets on the local runtime', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp({ app: 'test/runtime/sockets-app' });
    // From now on, this process is like any other that knows only the ids and the exported variables.
    Object.assign(process.env, app.exported);
  });
  afterAll(() => app?.stop());

  const connect = (service: string) => SocketClient.connect(app.runtime.webSocketUrl(service));

  describeContract('there', {
    async connect() {
      const client = await connect('inbox');
      const webSocketId = await client.hears();
      const stored = () => app.rows(`CONNECTION#${webSocketId}`, 'MESSAGE#');
      return {
        webSocketId,
        send: async (text) => client.send(text),
        stored: (count) => app.until(async () => (await stored()).length >= count),
        hears: () => client.hears(),
        close: () => client.close(),
        closed: () => client.closed(),
      };
    },
    open: (webSocketId) => SharedConnection.open(webSocketId),
  });

  it('returns a long message, sent in fragments, in pieces of the default length', async () => {
    const client = await connect('inbox');
    const socket = await SharedConnection.open(await client.hears());
    const text = '€😀'.repeat(10_000) + 'x'.repeat(60_000);
    client.sendInFragments(text, 32 * 1024);
    const pieces = [];
    do pieces.push(await socket.read({ timeoutSeconds: 10 }));
    while (!socket.atEnd);
    expect(pieces).toHaveLength(3);
    expect(pieces.join('')).toBe(text);
    await client.close();
  });

  it('reads 100,000 characters in four pieces', async () => {
    const client = await connect('inbox');
    const socket = await SharedConnection.open(await client.hears());
    const text = 'é😀'.repeat(1_000) + 'x'.repeat(97_000);
    client.sendInFragments(text, 32 * 1024);
    const lengths = [];
    let read = '';
    do {
      const piece = await socket.read({ timeoutSeconds: 10 });
      lengths.push([piece.length, socket.atEnd]);
      read += piece;
    } while (!socket.atEnd);
    expect(text).toHaveLength(100_000);
    expect(lengths).toEqual([
      [32_656, false],
      [32_656, false],
      [32_656, false],
      [2_032, true],
    ]);
    expect(read).toBe(text);
    await client.close();
  });

  it('sends and receives bytes', async () => {
    const client = await connect('binary');
    const bytes = Buffer.from(Array.from({ length: 20 * 1024 }, (_, n) => (n * 7) % 256));
    client.send(`data:application/octet-stream;base64,${bytes.toString('base64')}`);
    const answer = await client.hears();
    expect(answer).toBe(
      `data:application/octet-stream;base64,${Buffer.from(bytes).reverse().toString('base64')}`,
    );
    await client.close();
  });

  it('refuses bytes that are too many once encoded, and reports both sizes', async () => {
    const client = await connect('binary');
    client.send(String(100 * 1024));
    const answer = Buffer.from((await client.hears()).split(',')[1] as string, 'base64').toString();
    expect(answer).toMatch(
      /^The message has 102400 bytes \(136573 after encoding\), but API Gateway sends at most 131072/,
    );
    await client.close();
  });

  it('runs a dedicated loop, which no other process can open, until it ends by itself', async () => {
    const client = await connect('loop');
    client.send('hello');
    expect(await client.hears()).toBe('1: hello');
    const [row] = await app.rows('CHANNEL#loop#*', 'MEMBER#');
    const webSocketId = String(row?.sk).split('#')[2] as string;
    await expect(SharedConnection.open(webSocketId)).rejects.toThrow(WebSocketDedicatedError);
    // Two more candidates for the ownership.
    const { functionName = '' } =
      app.functions.find(
        ({ environment, handler }) => environment.SERVICE_NAME === 'loop' && handler === 'index.server',
      ) ?? {};
    for (let n = 0; n < 2; n++)
      app.runtime.functions.invokeAsync(functionName, JSON.stringify({ type: 'server', webSocketId }));
    client.send('again');
    expect(await client.hears()).toBe('2: again');
    const closed = client.closed();
    client.send('exit');
    expect(await closed).toBe(1000);
    await app.until(async () => (await app.rows('CHANNEL#loop#*', 'MEMBER#')).length === 0);
    expect(await app.rows(`CONNECTION#${webSocketId}`, 'CONNECTION')).toMatchObject([{ done: true }]);
  });

  const connectWithCookie = (cookie: string) =>
    SocketClient.connect(app.runtime.webSocketUrl('sessions'), ['superchat', 'chat'], {
      headers: { Cookie: cookie },
    });

  it('chooses one of the offered subprotocols, and refuses a client that offers only unknown ones', async () => {
    const client = await connectWithCookie('sid=any');
    expect(client.subprotocol).toBe('chat');
    await client.close();
    const refused = SocketClient.connect(app.runtime.webSocketUrl('sessions'), ['morse']);
    await expect(refused).rejects.toThrow('Unexpected server response: 401');
  });

  it('treats the sockets of one cookie as one session, and notices when its last one has closed', async () => {
    const clients = [await connectWithCookie('x=1; sid=secret'), await connectWithCookie('sid="secret"')];
    const other = await connectWithCookie('sid=other');
    const service = new Service('sessions');
    const sessionId = service.sessionIdOfCookie('secret');
    for (const client of clients) expect(await client.hears()).toBe(sessionId);
    expect(await other.hears()).not.toBe(sessionId);
    clients[0]?.send('hello');
    for (const client of clients) expect(await client.hears()).toBe('to the session');
    await Promise.all(clients.map((client) => client.close()));
    const session = async () => (await app.rows(`SESSION#sessions#${sessionId}`))[0];
    await app.until(async () => {
      const { sockets, endOnClose, ending } = (await session()) as Item;
      return sockets === undefined && endOnClose === undefined && ending === undefined;
    });
    await other.close();
  });
});
