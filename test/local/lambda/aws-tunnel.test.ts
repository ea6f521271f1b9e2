import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { AwsTunnel } from '../../../local/lambda/environments/aws-tunnel';

describe('AwsTunnel', () => {
  let endpoint: Server;
  let tunnel: AwsTunnel;
  let variables: Record<string, string>;

  beforeAll(async () => {
    endpoint = createServer((incoming, response) =>
      response.end(`${incoming.headers.host} ${incoming.url}\r\n`),
    );
    endpoint.listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
    const { port } = endpoint.address() as AddressInfo;
    tunnel = new AwsTunnel({
      endpoint: () => ({ host: '127.0.0.1', port }),
      isServed: (host) => host === 'chat.example.com',
      now: Date.now,
    });
    variables = await tunnel.variables();
  });
  afterAll(() => {
    tunnel.close();
    endpoint.close();
  });

  /** The proxy's response to CONNECT, and the connection. */
  function connectTo(target: string): Promise<{ status: number | undefined; socket: Socket }> {
    const proxy = new URL(variables.HTTPS_PROXY ?? '');
    return new Promise((resolve, reject) => {
      request({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: target, agent: false })
        .on('connect', ({ statusCode }, socket) => resolve({ status: statusCode, socket: socket as Socket }))
        .on('error', reject)
        .end();
    });
  }

  /** Sends a request as an SDK with these variables does: through the proxy, trusting the file. */
  async function get(host: string, path: string): Promise<string> {
    const { socket } = await connectTo(`${host}:443`);
    const ca = readFileSync(variables.SSL_CERT_FILE ?? '', 'utf8');
    const secure = connect({ socket, servername: host, ca });
    secure.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return (await text(secure)).split('\r\n').at(-2) ?? '';
  }

  it.each([
    'abc.execute-api.us-east-1.amazonaws.com',
    'dynamodb.eu-west-1.amazonaws.com',
    'chat.example.com',
  ])('forwards %s to the endpoint under its own host name', async (host) => {
    expect(await get(host, '/chat/@connections/x')).toBe(`${host} /chat/@connections/x`);
  });

  it('forwards other hosts to their own servers without terminating TLS', async () => {
    const { port } = endpoint.address() as AddressInfo;
    const { status, socket } = await connectTo(`127.0.0.1:${port}`);
    socket.end('GET /plain HTTP/1.1\r\nHost: there\r\nConnection: close\r\n\r\n');
    expect(status).toBe(200);
    expect(await text(socket)).toContain('there /plain');
  });

  it('answers 502 if nothing listens at the target', async () => {
    expect(await connectTo('127.0.0.1:9')).toMatchObject({ status: 502 });
  });

  it.each(['host', 'example.com:99999'])('answers 400 to the invalid target %s', async (target) => {
    expect(await connectTo(target)).toMatchObject({ status: 400 });
  });

  it('writes nothing of its own into a connection that the other server resets', async () => {
    const server = createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { socket } = await connectTo(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk;
    });
    socket.write('anything');
    await once(socket, 'close');
    server.close();
    expect(received).toBe('');
  });

  it('still trusts the public certificate authorities', () => {
    const file = variables.AWS_CA_BUNDLE ?? '';
    expect(readFileSync(file, 'utf8').split('BEGIN CERTIFICATE').length).toBeGreaterThan(100);
  });

  it('leaves no file behind', async () => {
    const other = new AwsTunnel({
      endpoint: () => ({ host: '', port: 0 }),
      isServed: () => false,
      now: Date.now,
    });
    const { SSL_CERT_FILE = '' } = await other.variables();
    other.close();
    expect(existsSync(SSL_CERT_FILE)).toBe(false);
  });
});
