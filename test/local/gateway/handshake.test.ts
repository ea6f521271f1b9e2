import { plainRequest } from './plain-request';
import { clientFrame } from './raw-client';
import { gateways, OK } from './running-gateway';

const start = gateways();
const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;

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
  ])('returns the status of $connect: %p', async (statusCode, expected) => {
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

  it('succeeds without a $connect route', async () => {
    const gateway = await start({ routes: {} });
    await expect(gateway.connect()).resolves.toBeDefined();
  });

  it('is refused with 504 if $connect exceeds its integration’s timeout', async () => {
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

  it('is refused with 500 if the gateway itself fails, without affecting others', async () => {
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

  it('does not return the body of a $connect that refuses', async () => {
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

  it('returns API Gateway’s headers, and no extension', async () => {
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

    it('is returned even if the client did not request it', async () => {
      const gateway = await start({
        routes: { $connect: () => ({ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'a' } }) },
      });
      await expect(gateway.connect()).rejects.toThrow('Server sent a subprotocol but none was requested');
    });

    it('may be offered in a form that is not a token list', async () => {
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

  describe('of a client that leaves during $connect', () => {
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
      // Noticed by the server before the gateway has the socket.
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

    it('ignores what a refused client has sent after its handshake', async () => {
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
      const posted = await plainRequest(gateway, `/chat/@connections/${connectionId}`, {
        method: 'POST',
        headers: { Authorization: AUTHORIZATION },
      });
      await gateway.gateway.close();
      expect(posted.status).toBe(410);
      expect(gateway.functions.events.map(({ requestContext }) => requestContext.eventType)).toEqual([
        'CONNECT',
      ]);
    });

    it('reads what a client sends before the handshake is answered', async () => {
      const gateway = await start({ routes: { $connect: OK, $default: OK } });
      const message = gateway.functions.next('MESSAGE');
      const client = await gateway.raw();
      client.handshake();
      client.socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
      expect((await message).body).toBe('hi');
    });
  });
});
