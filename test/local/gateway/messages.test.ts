import { type GatewayEvent, gateways, OK } from './running-gateway';

const start = gateways();

/** A promise with its resolver, to hold a function until the test releases it. */
function gate() {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

describe('One-way route', () => {
  it.each([200, 201, 301, 401, 500])('sends nothing for a result with status %p', async (statusCode) => {
    const gateway = await start({
      routes: { $connect: OK, $default: () => ({ statusCode, body: 'hello' }) },
    });
    const client = await gateway.connect();
    const message = gateway.functions.next('MESSAGE');
    client.send('hi');
    await message;
    await client.roundTrip();
    expect(client.unread).toEqual([]);
    expect(client.ws.readyState).toBe(client.ws.OPEN);
  });
});

describe('Integration', () => {
  it('has no time limit after it has responded', async () => {
    const gateway = await start({ routes: { $connect: OK, $default: OK } });
    const client = await gateway.connect();
    const message = gateway.functions.next('MESSAGE');
    client.send('hi');
    await message;
    await client.roundTrip();
    gateway.clock.advance(29_000);
    expect(gateway.logged).toEqual([]);
  });
});

describe('Two-way route', () => {
  it.each([
    ['the body', { statusCode: 200, body: '{"a": 1}' }, '{"a": 1}'],
    ['the body of a status that is no success', { statusCode: 500, body: 'sorry' }, 'sorry'],
    ['an empty body', { statusCode: 200, body: '' }, ''],
    ['a body in base64 as text', { statusCode: 200, body: 'R3LDvMOfZQ==', isBase64Encoded: true }, 'Grüße'],
  ])('sends %s', async (_, result, frame) => {
    const gateway = await start({ routes: { $default: { returnsResponse: true, run: () => result } } });
    const client = await gateway.connect();
    client.send('hi');
    expect(await client.next()).toBe(frame);
  });

  it.each([
    ['no body', { statusCode: 200 }],
    ['null', { statusCode: 200, body: null }],
  ])('sends nothing for %s', async (_, result) => {
    const gateway = await start({ routes: { $default: { returnsResponse: true, run: () => result } } });
    const client = await gateway.connect();
    const message = gateway.functions.next('MESSAGE');
    client.send('hi');
    await message;
    await client.roundTrip();
    expect(client.unread).toEqual([]);
  });

  it('sends a body of 128 KB, and an error for more', async () => {
    const body = (bytes: number) => 'ü'.repeat(bytes / 2);
    const gateway = await start({
      routes: {
        $default: {
          returnsResponse: true,
          run: ({ body: bytes }) => ({ statusCode: 200, body: body(Number(bytes)) }),
        },
      },
    });
    const client = await gateway.connect();
    client.send('131072');
    expect(Buffer.byteLength(await client.next())).toBe(131_072);
    client.send('131074');
    expect(await client.next()).toContain('Internal server error');
  });

  it('is not available for $connect and $disconnect', async () => {
    const twoWay = { returnsResponse: true, run: () => ({ statusCode: 200, body: 'hello' }) };
    const gateway = await start({ routes: { $connect: twoWay, $default: OK } });
    const client = await gateway.connect();
    await client.roundTrip();
    expect(client.unread).toEqual([]);
  });
});

describe('Error frame', () => {
  const failures: [string, () => unknown][] = [
    ['throws', () => Promise.reject(new Error('no'))],
    ['returns nothing', () => undefined],
    ['returns null', () => null],
    ['returns a text', () => 'ok'],
    ['returns no statusCode', () => ({ body: 'hello' })],
    ['returns an object as body', () => ({ statusCode: 200, body: { a: 1 } })],
    ['returns a member that a proxy result has not', () => ({ statusCode: 200, ConnectionId: 'x' })],
  ];
  const cases = failures.flatMap(([what, run]) => [
    { what, run, returnsResponse: false, way: 'one-way' },
    { what, run, returnsResponse: true, way: 'two-way' },
  ]);

  it.each(cases)('tells a client of a $way route whose function $what', async ({ run, returnsResponse }) => {
    const gateway = await start({ routes: { $connect: OK, $default: { returnsResponse, run } } });
    const { client, connectionId } = await gateway.connectKnown();
    const message = gateway.functions.next('MESSAGE');
    client.send('hi');
    const { requestId } = (await message).requestContext;
    expect(await client.next()).toBe(
      `{"message": "Internal server error", "connectionId":"${connectionId}", "requestId":"${requestId}"}`,
    );
    expect(client.ws.readyState).toBe(client.ws.OPEN);
  });

  it('tells the developer why a result is invalid', async () => {
    const gateway = await start({ routes: { $default: () => ({ body: 'hello' }) } });
    const client = await gateway.connect();
    client.send('hi');
    await client.next();
    expect(gateway.logged.join()).toContain('$default answered $default with the statusCode nothing');
  });

  it('reports a function that cannot be invoked', async () => {
    const gateway = await start({ routes: { $default: OK } });
    gateway.functions.invoke = () => Promise.reject(new Error('no such function'));
    const client = await gateway.connect();
    client.send('hi');
    expect(await client.next()).toContain('Internal server error');
  });

  it.each([false, true])(
    'tells of a function that outlasts its integration, two-way: %p',
    async (returnsResponse) => {
      const late = gate();
      const gateway = await start({
        routes: {
          $connect: OK,
          $default: {
            returnsResponse,
            timeoutMillis: 29_000,
            run: async () => {
              await late.passed;
              return { statusCode: 200, body: 'late' };
            },
          },
        },
      });
      const { client, connectionId } = await gateway.connectKnown();
      const message = gateway.functions.next('MESSAGE');
      client.send('hi');
      const { requestId } = (await message).requestContext;
      gateway.clock.advance(28_999);
      await client.roundTrip();
      expect(client.unread).toEqual([]);
      gateway.clock.advance(1);
      expect(await client.next()).toBe(
        `{"message": "Endpoint request timed out", "connectionId":"${connectionId}", "requestId":"${requestId}"}`,
      );
      // The function keeps running, and its result is discarded.
      late.open();
      await client.roundTrip();
      expect(client.unread).toEqual([]);
      expect(client.ws.readyState).toBe(client.ws.OPEN);
    },
  );
});

describe('Messages of one connection', () => {
  it('run concurrently, and may be answered out of order', async () => {
    const first = gate();
    const run = async ({ body }: GatewayEvent) => {
      if (body === 'first') await first.passed;
      return { statusCode: 200, body };
    };
    const gateway = await start({ routes: { $default: { returnsResponse: true, run } } });
    const client = await gateway.connect();
    client.send('first');
    client.send('second');
    expect(await client.next()).toBe('second');
    first.open();
    expect(await client.next()).toBe('first');
  });

  it('wait in the client, not in the gateway, while 8 MB of them are in progress', async () => {
    const held = gate();
    const gateway = await start({ routes: { $default: () => held.passed.then(OK) } });
    const [client, other] = await Promise.all([gateway.connect(), gateway.connect()]);
    const started = (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => (gateway.functions.events.length >= count ? resolve() : setImmediate(look));
        look();
      });
    const fitting = Math.floor((8 * 1024 * 1024) / 30_000);
    for (let i = 0; i < 400; i++) client.send('x'.repeat(30_000));
    await started(fitting - 10);
    // Enough time to read the rest, if it were read.
    for (let i = 0; i < 30; i++) await other.roundTrip();
    expect(gateway.functions.events.length).toBeLessThan(fitting + 10);
    held.open();
    await started(400);
    await client.roundTrip();
  });
});
