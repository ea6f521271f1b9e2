import { request } from 'node:http';
import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  LimitExceededException,
  PayloadTooLargeException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { WebSocketApi } from '../../../local/assembly/model';
import { API_ID, bodyOf, DOMAIN, gateways, OK, type RunningGateway } from './running-gateway';

const start = gateways();
const routes = { $connect: OK, $default: OK, $disconnect: OK };
const NEVER_EXISTED = 'eHrdFcnvvHcCE-w=';
const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const REQUEST_ID = expect.stringMatching(/^[A-Za-z0-9_-]{14}[AQgw]=$/);
const TRACE_ID = expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
const DATE = 'Thu, 01 Jan 2026 00:00:00 GMT';

interface Call {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** The status, the significant headers, and the body. */
async function call(gateway: RunningGateway, path: string, { method = 'POST', headers, body }: Call = {}) {
  const sent = request({
    host: '127.0.0.1',
    port: gateway.port,
    path,
    method,
    headers: { Authorization: AUTHORIZATION, ...headers },
  });
  const response = await new Promise<Parameters<typeof bodyOf>[0]>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject).end(body);
  });
  const { connection: _, 'keep-alive': __, ...told } = response.headers;
  return { status: response.statusCode, headers: told, body: await bodyOf(response) };
}

describe('POST @connections', () => {
  it('sends one text frame', async () => {
    const gateway = await start({ routes });
    const { client, connectionId } = await gateway.connectKnown();
    await gateway
      .management()
      .send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'Grüße 🎉' }));
    expect(await client.next()).toBe('Grüße 🎉');
  });

  it('responds as recorded', async () => {
    const gateway = await start({ routes });
    const { connectionId } = await gateway.connectKnown();
    expect(await call(gateway, `/chat/@connections/${connectionId}`, { body: 'hi' })).toMatchObject({
      status: 200,
      headers: {
        date: DATE,
        'content-type': 'application/json',
        'content-length': '0',
        'x-amzn-requestid': UUID,
        'x-amz-apigw-id': REQUEST_ID,
        'x-amzn-trace-id': TRACE_ID,
      },
      body: '',
    });
  });

  it('delivers awaited posts in order', async () => {
    const gateway = await start({ routes });
    const { client, connectionId } = await gateway.connectKnown();
    const management = gateway.management();
    for (let i = 0; i < 20; i++) {
      await management.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: String(i) }));
    }
    for (let i = 0; i < 20; i++) expect(await client.next()).toBe(String(i));
  });

  it.each([
    ['nothing as an empty frame', Buffer.alloc(0), ''],
    ['bytes that are no UTF-8 with replacements', Buffer.from([0x61, 0xff, 0x62]), 'a\ufffdb'],
    ['JSON as it is', Buffer.from('{ "a" : 1 }'), '{ "a" : 1 }'],
  ])('sends %s', async (_, body, frame) => {
    const gateway = await start({ routes });
    const { client, connectionId } = await gateway.connectKnown();
    await call(gateway, `/chat/@connections/${connectionId}`, { body });
    expect(await client.next()).toBe(frame);
  });

  it('accepts 128 KB as one message, and not a byte more', async () => {
    const gateway = await start({ routes });
    const { client, connectionId } = await gateway.connectKnown();
    const management = gateway.management();
    const post = (bytes: number) =>
      management.send(
        new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.alloc(bytes, 'x') }),
      );
    await post(128 * 1024);
    expect(await client.next()).toHaveLength(128 * 1024);
    const refused = await post(128 * 1024 + 1).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PayloadTooLargeException);
    expect(refused).toMatchObject({ $metadata: { httpStatusCode: 413 }, message: 'Payload Too Large' });
  });

  it('cuts off an endless payload', async () => {
    const gateway = await start({ routes });
    const { connectionId } = await gateway.connectKnown();
    const caller = await gateway.raw();
    caller.request(
      `POST /chat/@connections/${connectionId} HTTP/1.1`,
      'Host: localhost',
      `Authorization: ${AUTHORIZATION}`,
      'Content-Length: 1000000000',
    );
    caller.socket.write(Buffer.alloc(10 * 1024 * 1024 + 128 * 1024 + 1));
    expect(await caller.head()).toMatch(/^HTTP\/1.1 413 .*connection: close/is);
    await caller.ended;
  });

  it('is refused with 429 while the client does not read its pending frames', async () => {
    const gateway = await start({ routes });
    const { client, connectionId } = await gateway.connectKnown();
    const management = gateway.management();
    client.ws.pause();
    const post = () =>
      management.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'x'.repeat(128_000) }));
    let sent = 0;
    let refused: unknown;
    while (!refused && sent < 500)
      await post().then(
        () => sent++,
        (error: unknown) => {
          refused = error;
        },
      );
    expect(refused).toBeInstanceOf(LimitExceededException);
    expect(refused).toMatchObject({ $metadata: { httpStatusCode: 429 } });
    client.ws.resume();
    for (let i = 0; i < sent; i++) expect(await client.next()).toHaveLength(128_000);
    await expect(post()).resolves.toBeDefined();
  });

  it('resets the idle timeout of a connection', async () => {
    const gateway = await start({ routes });
    const { client, connectionId } = await gateway.connectKnown();
    gateway.clock.advance(9 * 60_000);
    await gateway.management().send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'x' }));
    gateway.clock.advance(9 * 60_000);
    await client.roundTrip();
    expect(client.ws.readyState).toBe(client.ws.OPEN);
  });

  it('gets 410 until $connect has responded', async () => {
    const gateway = await start({
      routes: {
        ...routes,
        $connect: async ({ requestContext: { connectionId } }) => {
          const { status } = await call(gateway, `/chat/@connections/${connectionId}`, { body: 'too soon' });
          return { statusCode: status === 410 ? 200 : 500 };
        },
      },
    });
    await expect(gateway.connect()).resolves.toBeDefined();
  });

  it('succeeds once the handshake is answered, for a caller that polls meanwhile', async () => {
    const seen: (number | undefined)[] = [];
    let greet = async (_id: string): Promise<void> => {};
    let onFirstPoll = (): void => {};
    const polled = new Promise<void>((resolve) => {
      onFirstPoll = resolve;
    });
    let greeted: Promise<void> | undefined;
    const gateway = await start({
      routes: {
        ...routes,
        $connect: async ({ requestContext }) => {
          greeted = greet(requestContext.connectionId);
          await polled;
          return { statusCode: 200 };
        },
      },
    });
    greet = async (id) => {
      const path = `/chat/@connections/${id}`;
      do {
        seen.push((await call(gateway, path, { method: 'GET' })).status);
        onFirstPoll();
      } while (seen.at(-1) === 410);
      seen.push((await call(gateway, path, { body: 'welcome' })).status);
    };
    const client = await gateway.connect();
    expect(await client.next()).toBe('welcome');
    await greeted;
    expect([seen[0], ...seen.slice(-2)]).toEqual([410, 200, 200]);
  });

  it('reaches the connection of the route that sends it', async () => {
    const gateway = await start({
      routes: {
        ...routes,
        $default: async ({ requestContext: { connectionId }, body }) => {
          await gateway
            .management()
            .send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: `echo ${body}` }));
          return { statusCode: 200 };
        },
      },
    });
    const client = await gateway.connect();
    client.send('hi');
    expect(await client.next()).toBe('echo hi');
  });
});

describe('GET @connections', () => {
  it('describes the connection in the layout of API Gateway', async () => {
    const gateway = await start({ routes });
    const { connectionId } = await gateway.connectKnown('/chat', {
      headers: { 'User-Agent': 'a "browser"' },
    });
    gateway.clock.advance(1500);
    await call(gateway, `/chat/@connections/${connectionId}`, { body: 'hi' });
    const { status, headers, body } = await call(gateway, `/chat/@connections/${connectionId}`, {
      method: 'GET',
    });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(body.length),
    });
    expect(body).toBe(`{
  "identity" : {
    "sourceIp" : "127.0.0.1",
    "userAgent" : "a \\"browser\\""
  },
  "connectedAt" : "2026-01-01T00:00:00.000Z",
  "lastActiveAt" : "2026-01-01T00:00:01.500Z"
}`);
  });

  it('has null for a client without a user agent', async () => {
    const gateway = await start({ routes });
    const { connectionId } = await gateway.connectKnown();
    const { body } = await call(gateway, `/chat/@connections/${connectionId}`, { method: 'GET' });
    expect(body).toContain('"userAgent" : null');
  });

  it('can be read by the SDK', async () => {
    const gateway = await start({ routes });
    const { connectionId } = await gateway.connectKnown();
    const answer = await gateway.management().send(new GetConnectionCommand({ ConnectionId: connectionId }));
    expect(answer).toMatchObject({
      Identity: { SourceIp: '127.0.0.1' },
      ConnectedAt: new Date('2026-01-01T00:00:00.000Z'),
      LastActiveAt: new Date('2026-01-01T00:00:00.000Z'),
    });
  });
});

describe('DELETE @connections', () => {
  it('closes the connection with 1000, and runs $disconnect', async () => {
    const gateway = await start({ routes });
    const { client, connectionId } = await gateway.connectKnown();
    const disconnected = gateway.functions.next('DISCONNECT');
    await gateway.management().send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
    expect(await client.closed).toEqual({ code: 1000, reason: 'Connection Closed Normally' });
    expect((await disconnected).requestContext).toMatchObject({
      disconnectStatusCode: 1000,
      disconnectReason: 'Connection Closed Normally',
    });
  });

  it('accepts the connection of the route that sends it, once', async () => {
    const statuses: (number | undefined)[] = [];
    let kick = async (_id: string): Promise<void> => {};
    const gateway = await start({
      routes: {
        ...routes,
        $default: async ({ requestContext }) => {
          await kick(requestContext.connectionId);
          return { statusCode: 200 };
        },
      },
    });
    kick = async (id) => {
      for (let time = 0; time < 2; time++) {
        statuses.push((await call(gateway, `/chat/@connections/${id}`, { method: 'DELETE' })).status);
      }
    };
    const client = await gateway.connect();
    const disconnected = gateway.functions.next('DISCONNECT');
    client.send('kick me');
    expect(await client.closed).toEqual({ code: 1000, reason: 'Connection Closed Normally' });
    expect((await disconnected).requestContext.disconnectStatusCode).toBe(1000);
    await gateway.gateway.close();
    expect(statuses).toEqual([204, 410]);
    expect(gateway.functions.count('DISCONNECT')).toBe(1);
  });

  it('responds as recorded, without content', async () => {
    const gateway = await start({ routes });
    const { connectionId } = await gateway.connectKnown();
    const { status, headers, body } = await call(gateway, `/chat/@connections/${connectionId}`, {
      method: 'DELETE',
    });
    expect({ status, headers, body }).toEqual({
      status: 204,
      headers: {
        date: DATE,
        'x-amzn-requestid': UUID,
        'x-amz-apigw-id': REQUEST_ID,
        'x-amzn-trace-id': TRACE_ID,
      },
      body: '',
    });
  });

  it('takes effect immediately: later calls get 410', async () => {
    const gateway = await start({ routes });
    const { connectionId } = await gateway.connectKnown();
    const path = `/chat/@connections/${connectionId}`;
    expect((await call(gateway, path, { method: 'DELETE' })).status).toBe(204);
    for (const method of ['DELETE', 'POST', 'GET'])
      expect((await call(gateway, path, { method })).status).toBe(410);
  });
});

describe('Connection that is gone', () => {
  it.each([
    [new PostToConnectionCommand({ ConnectionId: NEVER_EXISTED, Data: 'x' })],
    [new GetConnectionCommand({ ConnectionId: NEVER_EXISTED })],
    [new DeleteConnectionCommand({ ConnectionId: NEVER_EXISTED })],
  ])('is reported as the SDK’s own GoneException', async (command) => {
    const gateway = await start({ routes });
    const client = gateway.management();
    const failure = await (client.send as (c: typeof command) => Promise<unknown>)
      .call(client, command)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GoneException);
    expect(failure).toMatchObject({ name: 'GoneException', $metadata: { httpStatusCode: 410 } });
  });

  it('responds as recorded, with an empty body', async () => {
    const gateway = await start({ routes });
    const { status, headers, body } = await call(gateway, `/chat/@connections/${NEVER_EXISTED}`);
    expect({ status, headers, body }).toEqual({
      status: 410,
      headers: {
        date: DATE,
        'content-type': 'application/json',
        'content-length': '0',
        'x-amzn-requestid': UUID,
        'x-amzn-errortype': 'GoneException',
        'x-amz-apigw-id': REQUEST_ID,
        'x-amzn-trace-id': TRACE_ID,
      },
      body: '',
    });
  });

  it('gets 410 after the client has closed', async () => {
    const gateway = await start({ routes });
    const { client, connectionId } = await gateway.connectKnown();
    client.ws.close();
    await client.closed;
    expect((await call(gateway, `/chat/@connections/${connectionId}`)).status).toBe(410);
  });

  it('gets 410 at another stage and at another API', async () => {
    const otherApi: WebSocketApi = {
      path: 'Stack/Other',
      apiId: 'zzzzz99999',
      name: 'Other',
      routeSelectionExpression: '$request.body.action',
      routes: [],
      stages: [{ path: 'Stage', stageName: 'other', variables: {} }],
    };
    const gateway = await start({ routes, otherApis: [otherApi] });
    const { connectionId } = await gateway.connectKnown();
    expect((await call(gateway, `/other/@connections/${connectionId}`)).status).toBe(410);
    expect((await call(gateway, `/chat/@connections/${connectionId}`)).status).toBe(200);
  });
});

describe('Management call', () => {
  const path = (id: string) => `/@connections/${id}`;
  const encoded = encodeURIComponent;

  it.each([
    ['plain', (id: string) => `/chat${path(id)}`, 'localhost'],
    ['percent-encoded', (id: string) => `/chat/%40connections/${encoded(id)}`, 'localhost'],
    ['half encoded', (id: string) => `/chat/@connections/${encoded(id)}`, 'localhost'],
    ['by API and stage', (id: string) => `/${API_ID}/chat${path(id)}`, '127.0.0.1:3001'],
    ['by Host', (id: string) => `/chat${path(id)}`, DOMAIN],
    ['by Host with a port', (id: string) => `/chat/%40connections/${encoded(id)}`, `${DOMAIN}:443`],
    ['signed in the query', (id: string) => `/chat${path(id)}?${SIGNED_QUERY}`, 'localhost'],
  ])('can be addressed %s', async (_, address, host) => {
    const gateway = await start({ routes });
    const { connectionId } = await gateway.connectKnown();
    expect((await call(gateway, address(connectionId), { headers: { Host: host } })).status).toBe(200);
  });

  it('with an invalid id gets 400, and no trace id', async () => {
    const gateway = await start({ routes });
    const { status, headers, body } = await call(gateway, '/chat/@connections/WDGT8fY4joECJrQ%3Dtest');
    expect({ status, headers, body }).toEqual({
      status: 400,
      headers: {
        date: DATE,
        'content-type': 'application/json',
        'content-length': '56',
        'x-amzn-requestid': UUID,
        'x-amzn-errortype': 'BadRequestException',
        'x-amz-apigw-id': REQUEST_ID,
      },
      body: '{"message":"Invalid connectionId: WDGT8fY4joECJrQ=test"}',
    });
  });

  it.each([
    ['is not signed', undefined],
    ['is signed otherwise', 'Bearer abc'],
    [
      'has no signature',
      'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host',
    ],
    ['has a credential without a scope', AUTHORIZATION.replace(/\/\S+,/, ',')],
  ])('that %s is refused', async (_, authorization) => {
    const gateway = await start({ routes });
    const { connectionId, client } = await gateway.connectKnown();
    const sent = request({
      host: '127.0.0.1',
      port: gateway.port,
      path: `/chat/@connections/${connectionId}`,
      method: 'POST',
      headers: authorization === undefined ? {} : { Authorization: authorization },
    });
    const response = await new Promise<Parameters<typeof bodyOf>[0]>((resolve) =>
      sent.on('response', resolve).end('x'),
    );
    expect(response.statusCode).toBe(403);
    expect(response.headers['x-amzn-errortype']).toBe('MissingAuthenticationTokenException');
    expect(await bodyOf(response)).toBe('{"message":"Missing Authentication Token"}');
    await client.roundTrip();
    expect(client.unread).toEqual([]);
  });

  it.each(['PUT', 'PATCH'])('with the method %s is refused', async (method) => {
    const gateway = await start({ routes });
    const { connectionId } = await gateway.connectKnown();
    expect((await call(gateway, `/chat/@connections/${connectionId}`, { method })).status).toBe(403);
  });

  it('whose caller disconnects sends nothing', async () => {
    const gateway = await start({ routes });
    const { client, connectionId } = await gateway.connectKnown();
    const caller = await gateway.raw();
    const closed = new Promise((resolve) =>
      gateway.server.once('request', (request) => request.once('close', resolve)),
    );
    caller.request(
      `POST /chat/@connections/${connectionId} HTTP/1.1`,
      'Host: localhost',
      'Content-Length: 10',
    );
    caller.socket.end('half');
    await closed;
    await client.roundTrip();
    expect(client.unread).toEqual([]);
    expect(gateway.logged).toEqual([]);
  });
});

const SIGNED_QUERY = new URLSearchParams({
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': 'local/20260101/us-east-1/execute-api/aws4_request',
  'X-Amz-Date': '20260101T000000Z',
  'X-Amz-SignedHeaders': 'host',
  'X-Amz-Signature': '0'.repeat(64),
}).toString();
