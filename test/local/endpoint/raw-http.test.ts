/** Requests that no HTTP library sends: malformed requests, other upgrades, and clients that do not disconnect. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock } from '../../../local/clock';
import { type ApiGateway, Endpoint } from '../../../local/endpoint/endpoint';
import type { RequestHandler } from '../../../local/endpoint/request-router';
import { LINGER_MILLIS } from '../../../local/last-answer';
import { type Log, silentLog } from '../../../local/log';

const SIGNED =
  'authorization: AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/SERVICE/aws4_request, SignedHeaders=host, Signature=0';

describe('Endpoint', () => {
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (line) => errors.push(line) };
  const clock = new ManualClock();
  const sockets: Socket[] = [];
  const upgrades: string[] = [];
  let endpoint: Endpoint;

  const echo: RequestHandler = {
    async handle(request, response) {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.end(`${request.method} ${request.url} ${body}`);
    },
  };
  let [mostAtOnce, atOnce] = [0, 0];
  const served: string[] = [];
  const slow: RequestHandler = {
    async handle({ url = '' }, response) {
      served.push(url);
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      await turn();
      atOnce -= 1;
      response.end(`answer to ${url.slice(1)}`);
    },
  };
  const faulty: RequestHandler = {
    handle() {
      throw new Error('a fault of ours');
    },
  };
  const rejecting: RequestHandler = { handle: () => Promise.reject(new Error('a fault of ours')) };
  const gateway: ApiGateway = {
    handleUpgrade(request, socket) {
      upgrades.push(request.url ?? '');
      socket.end('HTTP/1.1 418 Upgraded\r\n\r\n');
    },
    handleRequest: ({ url }) =>
      url === '/faulty-api' ? Promise.reject(new Error('a fault of ours')) : undefined,
  };

  beforeAll(async () => {
    endpoint = new Endpoint({
      ...{ host: '127.0.0.1', port: 0, gateway, log, clock },
      services: { echo, slow, faulty, rejecting },
    });
    await endpoint.listen();
  });
  beforeEach(() => {
    errors.length = 0;
    upgrades.length = 0;
    served.length = 0;
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  afterAll(() => endpoint.close());

  /** `stays`: the client does not end its side when the endpoint has ended its own. */
  async function open({ stays = false } = {}): Promise<Socket> {
    const socket = connect({ port: endpoint.port, host: '127.0.0.1', allowHalfOpen: stays });
    socket.on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** Everything that arrives until the endpoint ends the connection. */
  async function answerTo(...lines: string[]): Promise<string> {
    const socket = await open();
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    return rest(socket);
  }

  async function rest(socket: Socket): Promise<string> {
    let text = '';
    for await (const chunk of socket) text += chunk;
    return text;
  }

  const signedFor = (service: string) => SIGNED.replace('SERVICE', service);

  describe('and an upgrade to another protocol', () => {
    const offer = [
      'connection: Upgrade, HTTP2-Settings, close',
      'upgrade: h2c',
      'http2-settings: AAMAAABkAAQ',
    ];

    it('responds as if nothing had been offered', async () => {
      const answer = await answerTo('GET /a HTTP/1.1', 'host: localhost', signedFor('echo'), ...offer);
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n.*GET \/a $/s);
    });

    it('reads the body, however it is sent', async () => {
      const socket = await open();
      socket.write(
        `POST /a HTTP/1.1\r\nhost: localhost\r\n${signedFor('echo')}\r\ncontent-length: 10\r\n${offer.join('\r\n')}\r\n\r\n01234`,
      );
      socket.write('56789');
      expect(await rest(socket)).toMatch(/POST \/a 0123456789$/);
    });

    it('handles the offer with every request of a connection', async () => {
      const socket = await open();
      const request = (path: number) =>
        `GET /${path} HTTP/1.1\r\nhost: localhost\r\n${signedFor('echo')}\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n`;
      for (let path = 1; path <= 30; path++) {
        socket.write(request(path));
        expect(String((await once(socket, 'data'))[0])).toContain(`GET /${path} `);
      }
    });

    it.each(['upgrade: h2c', 'upgrade: websocket'])(
      'cuts off a client that does not wait for its answers: %s',
      async (offered) => {
        const socket = await open();
        const closed = once(socket, 'close');
        socket.write(`GET /1 HTTP/1.1\r\nhost: localhost\r\n${signedFor('slow')}\r\n\r\n`);
        socket.write(`GET /2 HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n${offered}\r\n\r\n`);
        socket.resume();
        await closed;
        expect(upgrades).toEqual([]);
      },
    );

    it('asks the guard', async () => {
      const answer = await answerTo('GET /a HTTP/1.1', 'host: example.com', signedFor('echo'), ...offer);
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    });

    it('lets the gateway decide if WebSocket is among the offers', async () => {
      await answerTo('GET /a HTTP/1.1', 'host: localhost', 'connection: upgrade', 'upgrade: h2c, WebSocket');
      expect(upgrades).toEqual(['/a']);
    });
  });

  describe('and requests that are not HTTP', () => {
    it.each([
      ['no request line', ['hello'], 400],
      ['a header without a colon', ['GET / HTTP/1.1', 'host: localhost', 'x y'], 400],
      ['two lengths', ['GET / HTTP/1.1', 'host: localhost', 'content-length: 1', 'content-length: 2'], 400],
      [
        'a length and chunks',
        ['POST / HTTP/1.1', 'host: localhost', 'content-length: 1', 'transfer-encoding: chunked'],
        400,
      ],
      [
        'two Host headers',
        ['GET / HTTP/1.1', 'host: localhost', 'host: example.com', 'connection: close'],
        400,
      ],
      ['no Host header', ['GET / HTTP/1.1'], 400],
      ['another version', ['GET / HTTP/9.9', 'host: localhost'], 400],
      ['HTTP/2', ['PRI * HTTP/2.0', '', 'SM'], 400],
      ['headers of 20 KB', ['GET / HTTP/1.1', 'host: localhost', `x: ${'x'.repeat(20_000)}`], 431],
      ['CONNECT', ['CONNECT example.com:443 HTTP/1.1', 'host: example.com:443'], 405],
    ])('responds to %s', async (_, lines, status) => {
      const answer = await answerTo(...lines);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*connection: close`, 'is'));
      expect(errors).toEqual([]);
    });

    it('responds even if more data follows', async () => {
      const socket = await open();
      const faults = 'not HTTP\r\n\r\n'.repeat(50_000);
      socket.write(faults);
      expect(await rest(socket)).toMatch(/^HTTP\/1\.1 400 /);
    });

    it('responds to invalid chunks', async () => {
      const answer = await answerTo(
        ...['POST / HTTP/1.1', 'host: localhost', signedFor('echo'), 'transfer-encoding: chunked', '', 'xyz'],
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    });
  });

  describe('and a client that stays after its response', () => {
    it.each([
      [
        'an upgrade of a foreign Host',
        'GET / HTTP/1.1\r\nhost: x.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      ],
      ['what is no HTTP', 'hello\r\n\r\n'],
    ])('releases its descriptor: %s', async (_, bytes) => {
      const socket = await open({ stays: true });
      socket.write(bytes);
      await once(socket, 'data');
      socket.resume();
      await once(socket, 'end');
      expect(await endpoint.countConnections()).toBe(1);
      clock.advance(LINGER_MILLIS);
      while ((await endpoint.countConnections()) > 0) await turn();
    });
  });

  describe('and a handler that fails', () => {
    it.each([
      ['throws', 'faulty', '/'],
      ['rejects', 'rejecting', '/'],
      ['of the gateway rejects', 'execute-api', '/faulty-api'],
    ])(
      'responds with 500 to that request alone, with one line in the log: it %s',
      async (_, service, path) => {
        const socket = await open();
        const head = `host: localhost\r\n${signedFor(service)}`;
        socket.write(`POST ${path} HTTP/1.1\r\n${head}\r\ncontent-length: 0\r\n\r\n`);
        socket.write(
          `GET /next HTTP/1.1\r\nhost: localhost\r\n${signedFor('echo')}\r\nconnection: close\r\n\r\n`,
        );
        const answers = await rest(socket);
        expect(answers).toMatch(/^HTTP\/1\.1 500 .*HTTP\/1\.1 200 .*GET \/next $/s);
        expect(errors).toEqual([expect.stringContaining(`POST ${path} failed: Error: a fault of ours`)]);
      },
    );
  });

  describe('and pipelined requests', () => {
    const get = (path: string, more = '') =>
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${signedFor('slow')}\r\n${more}\r\n`;

    it('responds to one after the other', async () => {
      const socket = await open();
      socket.write(get('/1') + get('/2') + get('/3', 'connection: close\r\n'));
      expect([...(await rest(socket)).matchAll(/answer to (\S)/g)].map(([, path]) => path)).toEqual([
        ...['1', '2', '3'],
      ]);
      expect(mostAtOnce).toBe(1);
    });

    it('disconnects a client that sends without end', async () => {
      const socket = await open();
      // A reset, because the rest is not read.
      const closed = new Promise((resolve) => socket.on('close', resolve));
      socket.write(get('/1').repeat(2_000));
      socket.resume();
      await closed;
      expect(served.length).toBeLessThan(1_001);
    });

    it('serves none after the last request of a connection', async () => {
      const socket = await open();
      socket.write(get('/1', 'connection: close\r\n') + get('/2'));
      await rest(socket);
      expect(served).toEqual(['/1']);
    });
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'knows no service of the name %s',
    async (service) => {
      const answer = await answerTo(
        'GET / HTTP/1.1',
        'host: localhost',
        signedFor(service),
        'connection: close',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 501 /);
      expect(errors).toEqual([]);
    },
  );
});
