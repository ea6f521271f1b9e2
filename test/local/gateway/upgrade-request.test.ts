import { plainRequest } from './plain-request';
import { KEY } from './raw-client';
import { API_ID, DOMAIN, gateways, OK } from './running-gateway';

const start = gateways();

describe('A handshake that violates RFC 6455', () => {
  const complete = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
  };
  it.each([
    ['has no key', 400, { 'Sec-WebSocket-Key': undefined }],
    ['has a key that is too short', 400, { 'Sec-WebSocket-Key': 'YWJj' }],
    ['has no version', 426, { 'Sec-WebSocket-Version': undefined }],
    ['has another version', 426, { 'Sec-WebSocket-Version': '8' }],
    ['upgrades to something else', 426, { Upgrade: 'h2c' }],
    ['offers something else, too', 400, { Upgrade: 'websocket, foo' }],
    ['prefers something else', 400, { Upgrade: 'h2c, websocket' }],
    ['has a body', 400, { 'Content-Length': '2' }],
    ['has a body in chunks', 400, { 'Transfer-Encoding': 'chunked' }],
  ])('is refused before $connect if it %s', async (_, status, change) => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    const headers = Object.entries({ ...complete, ...change }).filter(([, value]) => value !== undefined);
    client.request('GET /chat HTTP/1.1', ...headers.map(([name, value]) => `${name}: ${value}`));
    expect(await client.head()).toContain(`HTTP/1.1 ${status} `);
    await client.ended;
    expect(gateway.functions.events).toHaveLength(0);
  });

  it.each([
    'Host: localhost',
    'Upgrade: websocket',
    `Sec-WebSocket-Key: ${KEY}`,
    'Sec-WebSocket-Version: 13',
  ])('is refused before $connect if it repeats %s', async (header) => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.handshake('/chat', header);
    expect(await client.head()).toContain('HTTP/1.1 400 ');
    expect(gateway.functions.events).toHaveLength(0);
  });

  it.each([
    ['Connection: keep-alive, Upgrade', 'Upgrade: WebSocket'],
    ['connection:upgrade', 'upgrade:websocket', 'content-length: 0'],
  ])('is accepted for %s', async (...headers) => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.request(
      'GET /chat HTTP/1.1',
      ...['Host: localhost', `Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 13', ...headers],
    );
    expect(await client.head()).toContain(' 101 ');
  });

  it('is refused if it is HTTP/1.0', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.request(
      'GET /chat HTTP/1.0',
      ...Object.entries(complete).map(([name, value]) => `${name}: ${value}`),
    );
    expect(await client.head()).toContain('HTTP/1.1 400 ');
  });

  it('is refused if it is a POST', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.request(
      'POST /chat HTTP/1.1',
      ...Object.entries(complete).map(([name, value]) => `${name}: ${value}`),
    );
    expect(await client.head()).toContain('HTTP/1.1 400 ');
  });

  it('is told the supported version', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.request(
      'GET /chat HTTP/1.1',
      ...Object.entries({ ...complete, 'Sec-WebSocket-Version': '7' }).map(
        ([name, value]) => `${name}: ${value}`,
      ),
    );
    expect(await client.head()).toContain('Sec-WebSocket-Version: 13');
  });
});

describe('Plain HTTP to an API', () => {
  it.each([
    ['GET', '/chat', 'localhost', 426],
    ['GET', '/chat/123', 'localhost', 426],
    ['GET', '/chat/123/456', 'localhost', 426],
    ['GET', `/${API_ID}/chat`, 'localhost', 426],
    ['GET', '/chat', DOMAIN, 426],
    ['POST', '/chat', 'localhost', 403],
    ['GET', '/nowhere', DOMAIN, 403],
    ['GET', '/', DOMAIN, 403],
    ['POST', '/@connections/eHrdFcnvvHcCE-w=', 'localhost', 403],
    ['POST', '/@connections/eHrdFcnvvHcCE-w=', DOMAIN, 403],
    ['GET', '/', 'localhost', 404],
    ['GET', '/index.html', 'localhost', 404],
  ])('%s %s at %s: %p', async (method, path, host, status) => {
    const gateway = await start({ routes: {} });
    expect(await plainRequest(gateway, path, { method, host })).toMatchObject({ status });
  });

  it('is told to upgrade', async () => {
    const gateway = await start({ routes: {} });
    expect((await plainRequest(gateway, '/chat')).headers).toMatchObject({
      upgrade: 'websocket',
      connection: 'Upgrade',
    });
  });

  it('gets API Gateway’s Forbidden', async () => {
    const gateway = await start({ routes: {} });
    const { headers, body } = await plainRequest(gateway, '/nowhere', { host: DOMAIN });
    expect(body).toBe('{"message":"Forbidden"}');
    expect(headers['x-amzn-errortype']).toBe('ForbiddenException');
  });
});
