import { request } from 'node:http';
import type { WebSocketApi } from '../../../local/assembly/model';
import { clientFrame, KEY } from './raw-client';
import { API_ID, bodyOf, DOMAIN, gateways, OK, type RunningGateway } from './running-gateway';

const start = gateways();
const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;

/** What a plain HTTP request is answered. */
async function plain(
  gateway: RunningGateway,
  path: string,
  { method = 'GET', host = 'localhost', headers = {} } = {},
) {
  const call = request({
    ...{ host: '127.0.0.1', port: gateway.port, path, method },
    headers: { Host: host, ...headers },
  });
  const response = await new Promise<Parameters<typeof bodyOf>[0]>((resolve, reject) => {
    call.on('response', resolve).on('error', reject).end();
  });
  return { status: response.statusCode, headers: response.headers, body: await bodyOf(response) };
}

describe('Handshake', () => {
  it.each([
    [200, 'opened'],
    [201, 'opened'],
    [299, 'opened'],
    [301, '301'],
    [400, '400'],
    [401, '401'],
    [403, '403'],
    [500, '500'],
    [501, '501'],
    [502, '502'],
  ])('is answered by the status of $connect: %p', async (statusCode, expected) => {
    const gateway = await start({ routes: { $connect: () => ({ statusCode }) } });
    const outcome = await gateway.connect().then(
      () => 'opened',
      (error: Error) => error.message,
    );
    expect(outcome).toBe(expected);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no'))],
    ['returns nothing', () => undefined],
    ['returns null', () => null],
    ['returns a text', () => 'ok'],
    ['returns an array', () => [200]],
    ['returns no statusCode', () => ({ body: 'hello' })],
    ['returns a statusCode that is no number', () => ({ statusCode: 'OK' })],
    ['returns a member that a proxy result has not', () => ({ statusCode: 200, Data: 'y' })],
    ['returns 101', () => ({ statusCode: 101 })],
    ['returns a status beyond 599', () => ({ statusCode: 600 })],
    [
      'returns a subprotocol that no header can carry',
      () => ({ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'a\r\nSet-Cookie: b' } }),
    ],
  ])('is refused with 502 if $connect %s', async (_, $connect) => {
    const gateway = await start({ routes: { $connect } });
    const client = gateway.client();
    await expect(client.opened).rejects.toThrow('502');
    expect(client.refusal?.body).toBe('{"message":"Internal server error"}');
  });

  it('succeeds where there is no $connect route', async () => {
    const gateway = await start({ routes: {} });
    await expect(gateway.connect()).resolves.toBeDefined();
  });

  it('is refused with 504 if $connect outlasts its integration', async () => {
    const gateway = await start({
      routes: { $connect: { timeoutMillis: 50, run: () => new Promise(() => {}) } },
    });
    const connecting = gateway.functions.next('CONNECT');
    const client = gateway.client();
    await connecting;
    gateway.clock.advance(49);
    expect(client.refusal).toBeUndefined();
    gateway.clock.advance(1);
    await expect(client.opened).rejects.toThrow('504');
    expect(client.refusal?.body).toBe('{"message":"Endpoint request timed out"}');
  });

  it.each([
    ['cannot be invoked', () => Promise.reject(new Error('no such function'))],
    [
      'makes the invoker throw',
      () => {
        throw new Error('no such function');
      },
    ],
  ])('is refused with 500 if the function %s', async (_, invoke) => {
    const gateway = await start({ routes: { $connect: OK } });
    gateway.functions.invoke = invoke;
    await expect(gateway.connect()).rejects.toThrow('500');
  });

  it('is refused with 500 if the gateway itself fails, which harms no other', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    gateway.server.prependOnceListener('upgrade', ({ socket }) =>
      Object.defineProperty(socket, 'remoteAddress', {
        get: () => {
          throw new Error('a fault of ours');
        },
      }),
    );
    const client = gateway.client();
    await expect(client.opened).rejects.toThrow('500');
    expect(client.refusal?.body).toBe('{"message":"Internal server error"}');
    expect(gateway.logged).toEqual(['The gateway failed: a fault of ours']);
    await expect(gateway.connect()).resolves.toBeDefined();
  });

  it('passes no body of a $connect that refuses', async () => {
    const gateway = await start({ routes: { $connect: () => ({ statusCode: 403, body: 'Go away' }) } });
    const client = gateway.client();
    await expect(client.opened).rejects.toThrow('403');
    expect(client.refusal?.body).toBe('');
    expect(client.refusal?.headers['content-length']).toBe('0');
  });

  it('runs no $disconnect after a refusal', async () => {
    const gateway = await start({
      routes: { $connect: () => ({ statusCode: 401 }), $disconnect: OK },
    });
    await expect(gateway.connect()).rejects.toThrow('401');
    await gateway.gateway.close();
    expect(gateway.functions.count('DISCONNECT')).toBe(0);
  });

  it('answers with the headers of API Gateway, and no extension', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.handshake('/chat', 'Sec-WebSocket-Extensions: permessage-deflate', 'Sec-WebSocket-Protocol: a');
    expect(await client.head()).toBe(
      [
        'HTTP/1.1 101 Switching Protocols',
        'Date: Thu, 01 Jan 2026 00:00:00 GMT',
        'Connection: upgrade',
        'upgrade: websocket',
        'sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      ].join('\r\n'),
    );
  });

  describe('subprotocol', () => {
    it.each(['Sec-WebSocket-Protocol', 'sec-websocket-protocol'])(
      'is what $connect returns as %s',
      async (name) => {
        const gateway = await start({
          routes: { $connect: () => ({ statusCode: 200, headers: { [name]: 'b' } }) },
        });
        const { ws } = await gateway.connect('/chat', { protocols: ['a', 'b'] });
        expect(ws.protocol).toBe('b');
      },
    );

    it('is not negotiated by the gateway', async () => {
      const gateway = await start({ routes: { $connect: OK } });
      await expect(gateway.connect('/chat', { protocols: ['a'] })).rejects.toThrow(
        'Server sent no subprotocol',
      );
    });

    it('passes although the client did not ask', async () => {
      const gateway = await start({
        routes: { $connect: () => ({ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'a' } }) },
      });
      await expect(gateway.connect()).rejects.toThrow('Server sent a subprotocol but none was requested');
    });

    it('may be offered in a form that is no token list', async () => {
      const gateway = await start({ routes: { $connect: OK } });
      const connected = gateway.functions.next('CONNECT');
      const client = await gateway.raw();
      client.handshake('/chat', 'Sec-WebSocket-Protocol: a=b, a=b');
      expect(await client.head()).toContain(' 101 ');
      expect((await connected).headers['Sec-WebSocket-Protocol']).toBe('a=b, a=b');
    });

    it('is the only header that $connect can set', async () => {
      const gateway = await start({
        routes: { $connect: () => ({ statusCode: 200, headers: { 'Set-Cookie': 'a=b' } }) },
      });
      const client = await gateway.raw();
      client.handshake();
      expect((await client.head()).toLowerCase()).not.toContain('cookie');
    });
  });

  describe('that RFC 6455 does not allow', () => {
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
    ])('is open for %s', async (...headers) => {
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

    it('is told the version that is spoken', async () => {
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

  describe('of a client that goes away during $connect', () => {
    it.each([
      ['closes its connection', 'end'],
      ['resets its connection', 'resetAndDestroy'],
    ] as const)('makes no connection if it %s', async (_, leave) => {
      let answer = (_result: unknown): void => {};
      const gateway = await start({
        routes: {
          $connect: () =>
            new Promise((resolve) => {
              answer = resolve;
            }),
          $disconnect: OK,
        },
      });
      const connecting = gateway.functions.next('CONNECT');
      const client = await gateway.raw();
      // Seen by the server before it has a socket of the gateway's.
      const left = new Promise((resolve) => {
        gateway.server.once('upgrade', (_request, socket) =>
          socket.once(leave === 'end' ? 'end' : 'close', resolve),
        );
      });
      client.handshake();
      await connecting;
      client.socket[leave]();
      await left;
      answer({ statusCode: 200 });
      await client.ended;
      await gateway.gateway.close();
      expect(client.rest.toString()).toBe('');
      expect(gateway.functions.count('DISCONNECT')).toBe(0);
    });

    it('hears nothing that a refused client has sent behind its handshake', async () => {
      const answer: { give(result: unknown): void } = { give: () => {} };
      const gateway = await start({
        routes: {
          $connect: () => new Promise((resolve) => Object.assign(answer, { give: resolve })),
          $default: OK,
          $disconnect: OK,
        },
      });
      const connecting = gateway.functions.next('CONNECT');
      const client = await gateway.raw();
      client.handshake();
      client.socket.write(clientFrame('hi'));
      const { connectionId } = (await connecting).requestContext;
      answer.give({ statusCode: 403 });
      expect(await client.head()).toContain('HTTP/1.1 403 ');
      await client.ended;
      const posted = await plain(gateway, `/chat/@connections/${connectionId}`, {
        method: 'POST',
        headers: { Authorization: AUTHORIZATION },
      });
      await gateway.gateway.close();
      expect(posted.status).toBe(410);
      expect(gateway.functions.events.map(({ requestContext }) => requestContext.eventType)).toEqual([
        'CONNECT',
      ]);
    });

    it('reads what a hasty client sends before it is answered', async () => {
      const gateway = await start({ routes: { $connect: OK, $default: OK } });
      const message = gateway.functions.next('MESSAGE');
      const client = await gateway.raw();
      client.handshake();
      client.socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
      expect((await message).body).toBe('hi');
    });
  });
});

const other = (apiId: string, ...stageNames: string[]): WebSocketApi => ({
  path: `Stack/${apiId}`,
  apiId,
  name: apiId,
  routeSelectionExpression: '$request.body.action',
  routes: [],
  stages: stageNames.map((stageName) => ({ path: 'Stage', stageName, variables: {} })),
});

describe('Address', () => {
  const foreign = 'zzzzz99999.execute-api.us-east-1.amazonaws.com';

  it.each([
    ['the stage', '/chat', 'localhost'],
    ['the stage with a slash', '/chat/', 'localhost'],
    ['the stage with a query', '/chat?a=b', 'localhost'],
    ['the API and the stage', `/${API_ID}/chat`, 'localhost:3001'],
    ['the API and the stage with a slash', `/${API_ID}/chat/`, '127.0.0.1'],
    ['the Host header', '/chat', DOMAIN],
    ['the Host header with a port, in capitals', '/chat/', `${DOMAIN.toUpperCase()}:443`],
  ])('may be %s', async (_, path, host) => {
    const gateway = await start({ routes: { $connect: OK } });
    await expect(gateway.connect(path, { headers: { Host: host } })).resolves.toBeDefined();
  });

  it.each([
    ['an unknown stage', '/nowhere', 'localhost'],
    ['no stage', '/', 'localhost'],
    ['an unknown stage of an API', `/${API_ID}/nowhere`, 'localhost'],
    ['an API without a stage', `/${API_ID}`, 'localhost'],
    ['more after the stage', '/chat/hello', 'localhost'],
    ['more after the stage of an API', `/${API_ID}/chat/hello`, 'localhost'],
    ['an unknown stage by Host', '/nowhere', DOMAIN],
    ['more after the stage by Host', '/chat/hello', DOMAIN],
    ['an unknown API by Host', '/chat', foreign],
    ['another region by Host', '/chat', DOMAIN.replace('us-east-1', 'eu-west-1')],
    ['a stage name that two APIs have', '/twice', 'localhost'],
  ])('is refused with 403 for %s', async (_, path, host) => {
    const gateway = await start({
      routes: { $connect: OK },
      otherApis: [other('one', 'twice'), other('two', 'twice')],
    });
    const client = gateway.client(path, { headers: { Host: host } });
    await expect(client.opened).rejects.toThrow('403');
    expect(client.refusal?.body).toBe('{"message":"Forbidden"}');
    expect(client.refusal?.headers['x-amzn-errortype']).toBe('ForbiddenException');
  });

  it('says what to use where two APIs have a stage of the same name', async () => {
    const gateway = await start({ routes: {}, otherApis: [other('one', 'twice'), other('two', 'twice')] });
    await expect(gateway.connect('/twice')).rejects.toThrow('403');
    expect(gateway.logged.join()).toContain('Use /{apiId}/twice');
    await expect(gateway.connect('/two/twice')).resolves.toBeDefined();
  });

  it('is refused above 4096 characters', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const left = 4096 - `wss://${DOMAIN}/chat?a=`.length;
    await expect(gateway.connect(`/chat?a=${'x'.repeat(left)}`)).resolves.toBeDefined();
    await expect(gateway.connect(`/chat?a=${'x'.repeat(left + 1)}`)).rejects.toThrow('414');
  });
});

describe('The head of a request', () => {
  const line = 'GET /chat HTTP/1.1\r\n';

  /** A handshake whose head has that many bytes, the empty line at its end not counted. */
  function handshake(bytes: number): string {
    const lines = [
      ...['Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade'],
      ...[`Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 13', 'X-Padding: '],
    ].join('\r\n');
    return `${line}${lines}${'x'.repeat(bytes - line.length - lines.length - 2)}\r\n\r\n`;
  }

  it.each([
    ['no Origin', 'Host: 192.168.4.1:3001'],
    ['the Origin of a file', 'Host: 192.168.4.1:3001', 'Origin: file://'],
    ['header names in lower case', 'host: esp32.local', 'origin: null'],
  ])('of a small device may have %s', async (_, ...headers) => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.request(
      'GET /chat HTTP/1.1',
      ...['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Key: ${KEY}`],
      ...['Sec-WebSocket-Version: 13', ...headers],
    );
    const head = await client.head();
    expect(head).toContain('HTTP/1.1 101 ');
    expect(head).toContain('\r\nupgrade: websocket\r\nsec-websocket-accept: ');
  });

  it('may have 10,240 bytes', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.socket.write(handshake(10_240));
    expect(await client.head()).toContain(' 101 ');
  });

  it('is refused above that, before $connect', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.socket.write(handshake(10_241));
    expect(await client.head()).toContain('HTTP/1.1 431 ');
    await client.ended;
    expect(client.rest.toString()).toBe('{"message":"HTTP header is larger than 10240 bytes."}');
    expect(gateway.functions.events).toHaveLength(0);
  });

  it('is refused of a management call, too', async () => {
    const gateway = await start({ routes: {} });
    const client = await gateway.raw();
    client.request(
      'POST /chat/@connections/eHrdFcnvvHcCE-w= HTTP/1.1',
      ...['Host: localhost', 'Content-Length: 0', `Cookie: ${'x'.repeat(10_200)}`],
    );
    expect(await client.head()).toContain('HTTP/1.1 431 ');
  });
});

describe('A path without the stage', () => {
  const id = 'eHrdFcnvvHcCE-w=';
  it.each([
    [DOMAIN, `/@connections/${id}`, `/chat/@connections/${id}`],
    ['localhost', `/@connections/${id}`, `/chat/@connections/${id}`],
    [DOMAIN, `/prod/@connections/${id}`, `/chat/@connections/${id}`],
    [`localhost`, `/${API_ID}/@connections/${id}`, `/${API_ID}/chat/@connections/${id}`],
  ])(
    'is forbidden for a management call at %s%s, and the log says which was meant',
    async (host, path, meant) => {
      const gateway = await start({ routes: {} });
      const { status, body } = await plain(gateway, path, { method: 'POST', host });
      expect([status, body]).toEqual([403, '{"message":"Forbidden"}']);
      expect(gateway.logged).toEqual([
        `POST ${path} got 403: the path names no stage of an API. Use ${meant}.`,
      ]);
    },
  );

  it('is forbidden for a handshake, and the log says which paths there are', async () => {
    const gateway = await start({ routes: {}, otherApis: [other('one', 'twice'), other('two', 'twice')] });
    await expect(gateway.connect('/')).rejects.toThrow('403');
    expect(gateway.logged).toEqual([
      'A handshake for / got 403: the path names no stage of an API. Use /chat, /one/twice or /two/twice.',
    ]);
  });

  it('reaches no terminal as it came', async () => {
    const gateway = await start({ routes: {} });
    await plain(gateway, `/%1b%5b2J${'x'.repeat(1000)}/@connections/${id}`, { method: 'POST', host: DOMAIN });
    expect(gateway.logged[0]).toContain('POST /%1b%5b2Jxxx');
    expect(gateway.logged[0]?.length).toBeLessThan(400);
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
    expect(await plain(gateway, path, { method, host })).toMatchObject({ status });
  });

  it('is told to upgrade', async () => {
    const gateway = await start({ routes: {} });
    expect((await plain(gateway, '/chat')).headers).toMatchObject({
      upgrade: 'websocket',
      connection: 'Upgrade',
    });
  });

  it('is forbidden in the words of API Gateway', async () => {
    const gateway = await start({ routes: {} });
    const { headers, body } = await plain(gateway, '/nowhere', { host: DOMAIN });
    expect(body).toBe('{"message":"Forbidden"}');
    expect(headers['x-amzn-errortype']).toBe('ForbiddenException');
  });
});
