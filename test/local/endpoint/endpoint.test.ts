import { once } from 'node:events';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ApiGateway, Endpoint } from '../../../local/endpoint/endpoint';
import { ServiceProxy } from '../../../local/endpoint/service-proxy';
import { WebFiles } from '../../../local/endpoint/web-files';
import { type Log, silentLog } from '../../../local/log';
import { UserError } from '../../../local/user-error';

const gateway: ApiGateway = {
  handleUpgrade: (_, socket) => socket.end('HTTP/1.1 418 Upgraded\r\n\r\n'),
  handleRequest(incoming, response) {
    if (!incoming.url?.startsWith('/chat')) return undefined;
    response.end('gateway');
    return Promise.resolve();
  },
};

function signed(service: string): Record<string, string> {
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
  };
}

describe('Endpoint', () => {
  let upstream: Server;
  let answer: (incoming: IncomingMessage, response: ServerResponse) => void;
  let endpoint: Endpoint;
  let proxy: ServiceProxy;
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (line) => warnings.push(line) };

  beforeAll(async () => {
    upstream = createServer((incoming, response) => answer(incoming, response)).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    proxy = new ServiceProxy(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, log);
    endpoint = new Endpoint({
      host: '127.0.0.1',
      port: 0,
      gateway,
      services: { dynamodb: proxy, lambda: { handle: (_, response) => void response.end('lambda') } },
      web: new WebFiles(pages()),
      log,
    });
    await endpoint.listen();
  });

  afterAll(async () => {
    await endpoint.close();
    proxy.close();
    upstream.closeAllConnections();
    upstream.close();
  });

  async function send(
    path: string,
    {
      method = 'GET',
      headers = {},
      body,
    }: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) {
    const outgoing = request({ host: '127.0.0.1', port: endpoint.port, path, method, headers });
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: response.statusCode, headers: response.headers, body: await text(response) };
  }

  it.each<[string, string, Record<string, string>, string]>([
    ['an API to the gateway', '/chat/@connections/x', {}, 'gateway'],
    [
      'a call that is signed for execute-api to the gateway',
      '/chat/@connections/x',
      signed('execute-api'),
      'gateway',
    ],
    ['a call that is signed for Lambda to Lambda', '/chat', signed('lambda'), 'lambda'],
    [
      'a presigned call to its service',
      '/?X-Amz-Credential=local%2F20260101%2Fus-east-1%2Flambda%2Faws4_request',
      {},
      'lambda',
    ],
  ])('forwards %s', async (_, path, headers, body) => {
    expect(await send(path, { headers })).toMatchObject({ status: 200, body });
  });

  it('forwards an upgrade to the gateway', async () => {
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    expect(await send('/anything', { headers })).toMatchObject({ status: 418 });
  });

  it.each<[string, Record<string, string>]>([
    ['a request', { host: 'rebound.example.com' }],
    ['an upgrade', { host: 'rebound.example.com', connection: 'upgrade', upgrade: 'websocket' }],
  ])('refuses %s with a Host header that is not its own', async (_, headers) => {
    const refused = await send('/chat', { headers });
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('The Host header "rebound.example.com" does not belong to this endpoint');
    expect(refused.body).toContain('start with --allow-host rebound.example.com');
  });

  it.each([
    ['Lambda', 'POST', '/', signed('lambda')],
    ['DynamoDB', 'POST', '/', signed('dynamodb')],
    ['an API', 'POST', '/chat/@connections/x', signed('execute-api')],
    ['a browser that asks before its request to an API', 'OPTIONS', '/chat/@connections/x', {}],
    ['a browser that asks before its request to a service', 'OPTIONS', '/', {}],
  ])('refuses pages from other origins: %s', async (_, method, path, headers) => {
    const refused = await send(path, { method, headers: { ...headers, origin: 'https://example.com' } });
    expect(refused).toMatchObject({ status: 403, body: expect.stringContaining('https://example.com') });
  });

  it.each([
    'http://localhost:1',
    'http://localhost',
    'http://127.0.0.1:PORT',
    'http://abc.localhost:PORT',
    'null',
  ])('refuses a page from %s that requests localhost:PORT', async (page) => {
    const host = `localhost:${endpoint.port}`;
    const origin = page.replace('PORT', String(endpoint.port));
    expect(await send('/', { headers: { ...signed('lambda'), host, origin } })).toMatchObject({
      status: 403,
    });
  });

  it("refuses a page from a bucket's host, even if it requests that host", async () => {
    const host = `abc.localhost:${endpoint.port}`;
    const headers = { ...signed('lambda'), host, origin: `http://${host}` };
    expect(await send('/', { headers })).toMatchObject({ status: 403 });
  });

  it('refuses pages from other addresses if it listens on every interface', async () => {
    const open = new Endpoint({ host: '0.0.0.0', port: 0, gateway, services: {}, log });
    await open.listen();
    const outgoing = request({
      ...{ host: '127.0.0.1', port: open.port, path: '/chat' },
      headers: { origin: 'http://192.0.2.1' },
    });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    await open.close();
    expect(response.statusCode).toBe(403);
  });

  it.each(['localhost', '127.0.0.1'])('answers AWS requests from its own pages at %s', async (name) => {
    const host = `${name}:${endpoint.port}`;
    const headers = { ...signed('lambda'), host, origin: `http://${host}` };
    expect(await send('/', { headers })).toMatchObject({ status: 200 });
  });

  it('lets the gateway decide which pages may connect', async () => {
    const headers = { connection: 'upgrade', upgrade: 'websocket', origin: 'https://example.com' };
    expect(await send('/chat', { headers })).toMatchObject({ status: 418 });
  });

  it('names an unsupported service', async () => {
    const refused = await send('/', { method: 'POST', headers: signed('sqs') });
    expect(refused.status).toBe(501);
    expect(refused.headers['x-amzn-errortype']).toBe('UnsupportedOperation');
    expect(JSON.parse(refused.body)).toEqual({
      __type: 'UnsupportedOperation',
      message: 'The runtime does not have the service sqs. It has dynamodb, lambda and execute-api.',
    });
    expect(warnings.at(-1)).toMatch(/sqs/);
  });

  it('forwards a request as it was signed, and its response', async () => {
    answer = async (incoming, response) => {
      response.writeHead(400, { 'x-amz-crc32': '1' });
      response.end(`${incoming.method} ${incoming.url} ${incoming.headers.host} ${await text(incoming)}`);
    };
    const passed = await send('/?a=1', {
      method: 'POST',
      headers: { ...signed('dynamodb'), host: 'dynamodb.us-east-1.amazonaws.com' },
      body: '{}',
    });
    expect(passed).toMatchObject({ status: 400, body: 'POST /?a=1 dynamodb.us-east-1.amazonaws.com {}' });
    expect(passed.headers['x-amz-crc32']).toBe('1');
  });

  describe('passing a body on', () => {
    /** The body that the service receives, and the responses on one connection. */
    async function pass(...requests: string[]): Promise<{ received: string[]; answers: string[] }> {
      const received: string[] = [];
      answer = async (incoming, response) => {
        received.push(`${incoming.method} ${incoming.url} ${await text(incoming)}`);
        response.end(`answer to ${incoming.url}`);
      };
      const socket = connect(endpoint.port, '127.0.0.1');
      const head = `host: localhost\r\nauthorization: ${signed('dynamodb').authorization}`;
      for (const one of requests) socket.write(one.replace('HEAD', head));
      let all = '';
      for await (const chunk of socket) all += chunk;
      return { received, answers: all.match(/answer to \S+?(?=\r\n|HTTP|$)/g) ?? [] };
    }
    const next = 'GET /next HTTP/1.1\r\nHEAD\r\nconnection: close\r\n\r\n';
    const hidden = 'GET /hidden HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const inChunks = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;

    it.each(['GET', 'DELETE', 'OPTIONS', 'POST', 'PUT'])(
      'takes no part of the body in chunks of a %s for the next request',
      async (method) => {
        const request = `${method} /first HTTP/1.1\r\nHEAD\r\ntransfer-encoding: chunked\r\n\r\n${inChunks}`;
        expect(await pass(request, next)).toEqual({
          received: [`${method} /first ${hidden}`, 'GET /next '],
          answers: ['answer to /first', 'answer to /next'],
        });
      },
    );

    it.each(['GET', 'DELETE', 'POST'])('keeps the length of the body of a %s', async (method) => {
      const request = `${method} /first HTTP/1.1\r\nHEAD\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`;
      const { received } = await pass(request, next);
      expect(received).toEqual([`${method} /first ${hidden}`, 'GET /next ']);
    });

    it('keeps it even if a Connection header names it', async () => {
      const request = `POST /first HTTP/1.1\r\nHEAD\r\nconnection: content-length, x-hop\r\nx-hop: 1\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`;
      const { received } = await pass(request, next);
      expect(received).toEqual([`POST /first ${hidden}`, 'GET /next ']);
    });

    it('sends 100 Continue if requested', async () => {
      const request = `POST /first HTTP/1.1\r\nHEAD\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nab`;
      expect((await pass(request, next)).received).toEqual(['POST /first ab', 'GET /next ']);
    });
  });

  it('does not let other origins read the responses of services', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' });
      response.end();
    };
    const { status, headers } = await send('/', { headers: signed('dynamodb') });
    expect(status).toBe(200);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('responds with an error if a service breaks off', async () => {
    answer = (incoming) => incoming.destroy();
    expect(await send('/', { headers: signed('dynamodb') })).toMatchObject({
      status: 500,
      headers: { 'x-amzn-errortype': 'InternalServerError' },
    });
  });

  it('survives a client that breaks off', async () => {
    const arrived = new Promise<void>((resolve) => {
      answer = (_, response) => {
        response.on('close', resolve);
        socket.resetAndDestroy();
      };
    });
    const socket = connect(endpoint.port, '127.0.0.1');
    socket.write(
      `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\nauthorization: ${signed('dynamodb').authorization}\r\n\r\nab`,
    );
    await arrived;
    expect(await send('/chat')).toMatchObject({ status: 200 });
  });

  it('says that it does not run the service of an unsigned request', async () => {
    const headers = {
      host: 'cognito-idp.us-east-1.amazonaws.com',
      'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
    };
    const refused = await send('/', { method: 'POST', headers });
    expect(refused.status).toBe(501);
    expect(JSON.parse(refused.body).message).toMatch(/^The runtime does not have the service cognito-idp\./);
    expect(warnings.at(-1)).toMatch(/the service cognito-idp: POST \/ got UnsupportedOperation/);
  });

  it('reports that there is nothing at a path', async () => {
    expect(await send('/nothing')).toMatchObject({ status: 404, body: 'There is nothing at /nothing.\n' });
  });

  it.each([
    ['/', 'text/html; charset=utf-8', '<h1>hello</h1>'],
    ['/index.html?x=1', 'text/html; charset=utf-8', '<h1>hello</h1>'],
    ['/script.js', 'text/javascript; charset=utf-8', 'start()'],
    ['/sub/', 'text/html; charset=utf-8', 'sub'],
    ['/a%20b.txt', 'text/plain; charset=utf-8', 'spaced'],
    ['/unknown.bin', 'application/octet-stream', 'bytes'],
  ])('serves the file at %s', async (path, type, body) => {
    const { status, headers, body: content } = await send(path);
    expect({ status, type: headers['content-type'], content }).toEqual({ status: 200, type, content: body });
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(
        /^default-src 'self'; connect-src 'self' ws: wss:; object-src 'none'; /,
      ),
    });
  });

  it('returns the length of a file to a HEAD', async () => {
    const { status, headers, body } = await send('/script.js', { method: 'HEAD' });
    expect({ status, length: headers['content-length'], body }).toEqual({
      status: 200,
      length: '7',
      body: '',
    });
  });

  it('redirects from a folder to its page', async () => {
    expect(await send('/sub')).toMatchObject({ status: 301, headers: { location: '/sub/' } });
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/.hidden',
    '/link.txt',
    '/%00',
    '/%',
  ])('serves nothing at %s', async (path) => {
    expect(await send(path)).toMatchObject({ status: 404 });
  });

  it('does not serve a file to a POST', async () => {
    expect(await send('/index.html', { method: 'POST' })).toMatchObject({ status: 404 });
  });

  it('names a port that is in use', async () => {
    const second = new Endpoint({ host: '127.0.0.1', port: endpoint.port, gateway, services: {}, log });
    const listening = second.listen();
    await expect(listening).rejects.toThrow(UserError);
    await expect(listening).rejects.toThrow(`Port ${endpoint.port} of 127.0.0.1 is in use`);
    await expect(listening).rejects.toThrow('--port');
  });

  it('ends connections that were upgraded', async () => {
    const held = new Endpoint({
      host: '127.0.0.1',
      port: 0,
      gateway: {
        ...gateway,
        handleUpgrade: (_, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      },
      services: {},
      log,
    });
    await held.listen();
    const socket = connect(held.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    await once(socket, 'data');
    const ended = once(socket, 'close');
    await held.close();
    await ended;
    expect(socket.destroyed).toBe(true);
  });
});

function pages(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pages-'));
  const web = join(folder, 'web');
  mkdirSync(join(web, 'sub'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(web, 'index.html'), '<h1>hello</h1>');
  writeFileSync(join(web, 'script.js'), 'start()');
  writeFileSync(join(web, 'a b.txt'), 'spaced');
  writeFileSync(join(web, 'unknown.bin'), 'bytes');
  writeFileSync(join(web, '.hidden'), 'hidden');
  writeFileSync(join(web, 'sub', 'index.html'), 'sub');
  symlinkSync(join(folder, 'secret.txt'), join(web, 'link.txt'));
  return web;
}
