import { createServer, type RequestListener, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { fetchKeySet } from '../../../lib/identity/fetch-key-set';

const URL_OF_KEYS = 'https://login.example/.well-known/jwks.json';

describe('fetchKeySet', () => {
  let server: Server | undefined;
  /** The host, without TLS. */
  async function serve(listener: RequestListener): Promise<void> {
    const listening = createServer(listener);
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    jest.spyOn(tls, 'connect').mockImplementation(() => {
      const socket = net.connect(port, '127.0.0.1');
      socket.once('connect', () => socket.emit('secureConnect'));
      return socket as TLSSocket;
    });
  }
  afterEach(async () => {
    jest.restoreAllMocks();
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    server = undefined;
  });

  it('fetches the content of the URL', async () => {
    await serve(({ url, headers: { host } }, response) => response.end(JSON.stringify({ host, url })));
    const text = new TextDecoder().decode(await fetchKeySet(URL_OF_KEYS));
    expect(JSON.parse(text)).toEqual({ host: 'login.example', url: '/.well-known/jwks.json' });
  });

  it('does not follow a redirect', async () => {
    await serve((_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    await expect(fetchKeySet(URL_OF_KEYS)).rejects.toThrow('the answer was 302');
  });

  it('stops at the first byte above the limit', async () => {
    await serve((_, response) => response.end('x'.repeat(300_000)));
    await expect(fetchKeySet(URL_OF_KEYS)).rejects.toThrow('larger than 262144 bytes');
  });

  it('fails if the connection breaks in the middle', async () => {
    await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => response.destroy());
    });
    await expect(fetchKeySet(URL_OF_KEYS)).rejects.toThrow();
  });

  it('gives up on a host that does not respond', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      await serve(() => jest.advanceTimersByTime(5_000));
      await expect(fetchKeySet(URL_OF_KEYS)).rejects.toThrow('no answer within 5000 ms');
    } finally {
      jest.useRealTimers();
    }
  });
});
