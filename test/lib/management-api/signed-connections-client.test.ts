import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Identity } from '../../../lib/management-api/identity';
import type { Credentials } from '../../../lib/management-api/signature';
import { SignedConnectionsClient } from '../../../lib/management-api/signed-connections-client';

describe('SignedConnectionsClient', () => {
  const webSocketId = 'eHrdFcnvvHcCE-w=';
  const inRegion = (region: string, suffix = '') =>
    `https://abcdef1234.execute-api.${region}.amazonaws.com${suffix}/chat`;
  const address = { webSocketId, callbackUrl: inRegion('eu-west-1') };
  let server: Server;
  let requests: IncomingMessage[];
  let sockets: Socket[];
  let answer: (response: ServerResponse) => void;
  let credentials: Credentials;
  let client: SignedConnectionsClient;

  beforeEach(async () => {
    requests = [];
    sockets = [];
    answer = (response) => response.end();
    credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
    server = createServer((request, response) => {
      requests.push(request);
      request.resume().on('end', () => answer(response));
    });
    server.on('connection', (socket) => sockets.push(socket));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const identity: Identity = { credentials: async () => credentials, region: async () => 'eu-central-1' };
    client = new SignedConnectionsClient(
      identity,
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
  });
  afterEach(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );

  const authorizations = () => requests.map(({ headers }) => headers.authorization ?? '');

  it.each([
    [inRegion('eu-west-1'), 'eu-west-1'],
    [inRegion('cn-north-1', '.cn'), 'cn-north-1'],
    ['https://ws.example.com/chat', 'eu-central-1'],
  ])('signs for the region of %s: %s', async (callbackUrl, region) => {
    await client.post({ webSocketId, callbackUrl }, 'x');
    expect(authorizations()).toEqual([expect.stringContaining(`/${region}/execute-api/aws4_request`)]);
  });

  it('calls the root of a domain whose mapping has no key', async () => {
    await client.post({ webSocketId, callbackUrl: 'https://ws.example.com/' }, 'x');
    expect(requests[0]?.url).toBe('/@connections/eHrdFcnvvHcCE-w%3D');
  });

  it('signs with the current credentials', async () => {
    await client.post(address, 'x');
    credentials = { accessKeyId: 'ASIDEXAMPLE', secretAccessKey: 'other', sessionToken: 'token' };
    await client.post(address, 'x');
    expect(authorizations()).toEqual([
      expect.stringContaining('Credential=AKIDEXAMPLE/'),
      expect.stringContaining('Credential=ASIDEXAMPLE/'),
    ]);
    expect(requests.map(({ headers }) => headers['x-amz-security-token'])).toEqual([undefined, 'token']);
  });

  it('posts several texts over one connection', async () => {
    for (const text of ['one', 'two', 'two', '', 'grüße']) await client.post(address, text);
    expect(requests.map(({ headers }) => Number(headers['content-length']))).toEqual([3, 3, 3, 0, 7]);
    expect(sockets).toHaveLength(1);
  });

  it('opens a new connection after the other side has closed an idle one', async () => {
    await client.post(address, 'x');
    const closed = new Promise((resolve) => sockets[0]?.once('close', resolve));
    sockets[0]?.end();
    await closed;
    expect(await client.post(address, 'x')).toBe('sent');
    expect(sockets).toHaveLength(2);
  });

  it('reports no response if a kept connection is reset during a post, which may have been read', async () => {
    await client.post(address, 'x');
    answer = (response) => response.socket?.resetAndDestroy();
    await expect(client.post(address, 'x')).rejects.toMatchObject({ status: 0, retryable: true });
    expect(requests).toHaveLength(2);
  });

  it.each(['get', 'delete'] as const)(
    'asks again, over a new one, if one is reset under a %s',
    async (method) => {
      await client.post(address, 'x');
      answer = (response) => {
        if (requests.length === 2) response.socket?.resetAndDestroy();
        else response.end('{}');
      };
      expect(await client[method](address)).toBeTruthy();
      expect(requests).toHaveLength(3);
      expect(sockets).toHaveLength(2);
    },
  );

  it('reports no response to a GET if a new connection is also reset', async () => {
    await client.post(address, 'x');
    answer = (response) => response.socket?.resetAndDestroy();
    await expect(client.get(address)).rejects.toMatchObject({ status: 0, retryable: true });
    expect(requests).toHaveLength(3);
  });

  it('reports no response if the connection breaks off', async () => {
    answer = (response) => {
      response.writeHead(500, { 'content-length': 100 }).write('{"mess');
      setImmediate(() => response.destroy());
    };
    await expect(client.post(address, 'x')).rejects.toMatchObject({ status: 0, retryable: true });
  });

  it('reads no more of a response than API Gateway would send', async () => {
    answer = (response) => response.writeHead(500).end('x'.repeat(1024 * 1024));
    await expect(client.post(address, 'x')).rejects.toMatchObject({
      status: 0,
      message: expect.stringContaining('more than 65536 bytes'),
    });
  });

  it('reads a chunked response', async () => {
    answer = (response) => {
      response.writeHead(429, { 'x-amzn-errortype': 'LimitExceededException' });
      response.write('{"message":');
      setImmediate(() => response.end('"slower"}'));
    };
    await expect(client.post(address, 'x')).rejects.toThrow('LimitExceededException: slower');
  });

  it('lets no id or callback URL add to the request', async () => {
    const odd = 'a\r\nx-evil: 1\r\n/../../b?c#d';
    await client.post({ webSocketId: odd, callbackUrl: `${inRegion('eu-west-1')}\r\nx-evil: 2` }, 'x');
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers).not.toHaveProperty('x-evil');
    expect(requests[0]?.url).toMatch(/\/@connections\/a%0D%0Ax-evil%3A%201%0D%0A%2F..%2F..%2Fb%3Fc%23d$/);
  });

  it('reports missing credentials', async () => {
    const identity: Identity = {
      credentials: () => Promise.reject(new Error('Could not load credentials from any providers')),
      region: async () => 'eu-west-1',
    };
    await expect(new SignedConnectionsClient(identity).post(address, 'x')).rejects.toMatchObject({
      status: 0,
      message: expect.stringContaining('Could not load credentials'),
    });
  });

  it('connects over TLS unless an endpoint is set', async () => {
    const { port } = server.address() as AddressInfo;
    const identity: Identity = { credentials: async () => credentials, region: async () => 'eu-west-1' };
    const posting = new SignedConnectionsClient(identity).post(
      { webSocketId, callbackUrl: `http://127.0.0.1:${port}/chat` },
      'x',
    );
    await expect(posting).rejects.toMatchObject({ status: 0 });
    expect(requests).toEqual([]);
  });

  it.each([
    [{ 'x-amzn-errortype': 'LimitExceededException' }, '{"message":"Limit Exceeded"}'],
    [{ 'x-amzn-errortype': 'LimitExceededException:http://internal/' }, '{"message":"Limit Exceeded"}'],
    [{}, '{"__type":"com.amazonaws#LimitExceededException","Message":"Limit Exceeded"}'],
  ])('reads the type and the message of an error from %j and %s', async (headers, body) => {
    answer = (response) => response.writeHead(429, headers).end(body);
    await expect(client.post(address, 'x')).rejects.toMatchObject({
      message: '@connections POST: status 429 (LimitExceededException: Limit Exceeded)',
    });
  });

  it('reports an error without type and message', async () => {
    answer = (response) => response.writeHead(502).end();
    await expect(client.post(address, 'x')).rejects.toMatchObject({ status: 502, retryable: true });
  });
});
