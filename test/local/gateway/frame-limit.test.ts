import fc from 'fast-check';
import { FrameLimit } from '../../../local/gateway/frame-limit';
import { AWS_SIZE_LIMITS, WIDE_SIZE_LIMITS } from '../../../local/gateway/quotas';
import { clientFrame } from './raw-client';
import { gateways, OK } from './running-gateway';

const start = gateways();
const KB = 1024;
const routes = { $connect: OK, $default: OK, $disconnect: OK };
const fragments = (...payloads: string[]): Buffer[] =>
  payloads.map((payload, i) =>
    clientFrame(payload, { opcode: i === 0 ? 1 : 0, final: i === payloads.length - 1 }),
  );

describe('FrameLimit', () => {
  it('decides the same however the bytes are split into chunks', () => {
    const frame = fc.oneof(
      { weight: 6, arbitrary: fc.nat(300).map((length) => clientFrame('x'.repeat(length))) },
      fc.nat(20).map((length) => clientFrame('p'.repeat(length), { opcode: 9 })),
      fc.constant(clientFrame('x'.repeat(32 * KB))),
      fc.constant(clientFrame('', { announcedLength: 32 * KB + 1 })),
      fc.constant(clientFrame('b', { opcode: 2 })),
      fc.constant(clientFrame('', { opcode: 8 })),
    );
    const cuts = fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), cuts, (frames, lengths) => {
        const bytes = Buffer.concat(frames);
        const whole = new FrameLimit(AWS_SIZE_LIMITS);
        const allowedAtOnce = whole.inspect(bytes);
        const cut = new FrameLimit(AWS_SIZE_LIMITS);
        let allowed = 0;
        let headerBytes = 0;
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = at + (lengths[i] ?? 1 + (i % 3) * 5_000);
          allowed += cut.inspect(bytes.subarray(at, end));
          at = end;
        }
        // Header bytes of a refused frame may pass before it can be judged, but never its payload.
        if (cut.violation) headerBytes = 10;
        expect(allowed).toBeGreaterThanOrEqual(allowedAtOnce);
        expect(allowed).toBeLessThan(allowedAtOnce + headerBytes + 1);
        expect(cut.violation).toEqual(whole.violation);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a length of 2^63', Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ['a length of 2^32', Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0])],
  ])('recognizes a frame of %s as too large', (_, header) => {
    const limit = new FrameLimit(AWS_SIZE_LIMITS);
    expect(limit.inspect(header)).toBe(0);
    expect(limit.violation?.code).toBe(1009);
  });

  it('lets nothing pass after a close frame', () => {
    const limit = new FrameLimit(AWS_SIZE_LIMITS);
    const close = clientFrame('', { opcode: 8 });
    expect(limit.inspect(Buffer.concat([close, clientFrame('x')]))).toBe(close.length);
    expect(limit.inspect(clientFrame('x'))).toBe(0);
  });
});

describe('Message', () => {
  it.each([
    ['of one frame of 32 KB', [clientFrame('x'.repeat(32 * KB))], 32 * KB],
    ['of 128 KB in four frames', fragments(...Array(4).fill('x'.repeat(32 * KB))), 128 * KB],
    ['of many small frames', fragments(...Array(1000).fill('x'.repeat(100))), 100_000],
    ['of 20,000 tiny frames', fragments(...Array(20_000).fill('x')), 20_000],
    ['of empty frames', fragments('', '', ''), 0],
  ])('%s arrives completely', async (_, frames, bytes) => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    const message = gateway.functions.next('MESSAGE');
    client.socket.write(Buffer.concat(frames));
    expect((await message).body).toHaveLength(bytes);
  });

  it.each([
    ['of one frame above 32 KB', [clientFrame('x'.repeat(32 * KB + 1))], 1009],
    ['of one frame of 128 KB', [clientFrame('x'.repeat(128 * KB))], 1009],
    ['whose second frame is above 32 KB', fragments('x', 'x'.repeat(32 * KB + 1)), 1009],
    ['above 128 KB in five frames', fragments(...Array(4).fill('x'.repeat(32 * KB)), 'x'), 1009],
    ['that announces 4 GB', [clientFrame('x', { announcedLength: 2 ** 32 })], 1009],
    ['that is binary', [clientFrame('hello', { opcode: 2 })], 1003],
    ['that is binary and empty', [clientFrame('', { opcode: 2 })], 1003],
    ['that is binary and too large', [clientFrame('', { opcode: 2, announcedLength: 200 * KB })], 1003],
    ['that is no UTF-8', [clientFrame(Buffer.from([0xff, 0xfe]))], 1007],
    [
      'that is no UTF-8 across frames',
      fragments('a', 'b').with(1, clientFrame(Buffer.from([0xc3]), { opcode: 0 })),
      1007,
    ],
  ])('%s closes the connection', async (_, frames, code) => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    const disconnected = gateway.functions.next('DISCONNECT');
    client.socket.write(Buffer.concat(frames));
    expect(await client.closeCode()).toBe(code);
    client.socket.end();
    expect((await disconnected).requestContext).toMatchObject({
      disconnectStatusCode: code,
      disconnectReason: '',
    });
    expect(gateway.functions.count('MESSAGE')).toBe(0);
  });

  it('is delivered even if the next one, in the same packet, is too large', async () => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    const disconnected = gateway.functions.next('DISCONNECT');
    client.socket.write(
      Buffer.concat([clientFrame('good'), clientFrame('x'.repeat(40 * KB)), clientFrame('never')]),
    );
    expect(await client.closeCode()).toBe(1009);
    client.socket.end();
    await disconnected;
    expect(gateway.functions.events.map(({ body }) => body).filter(Boolean)).toEqual(['good']);
  });

  it('of 1 MB arrives completely if the limits are off', async () => {
    const gateway = await start({ routes, sizeLimits: WIDE_SIZE_LIMITS });
    const client = await gateway.connect();
    const message = gateway.functions.next('MESSAGE');
    client.send('x'.repeat(1024 * KB));
    expect((await message).body).toHaveLength(1024 * KB);
  });

  it('above the frame limit closes with 1009 for a well-behaved client', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    client.send('x'.repeat(40 * KB));
    expect(await client.closed).toEqual({ code: 1009, reason: '' });
  });

  it.each([
    ['above the frame limit', clientFrame('x'.repeat(40 * KB))],
    ['in binary', clientFrame('hello', { opcode: 2 })],
  ])('%s makes the gateway end its side', async (_, frame) => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    client.socket.write(frame);
    await client.ended;
    expect(await client.closeCode()).toBeGreaterThan(1000);
  });

  it('in binary closes with 1003 for a well-behaved client', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    client.send(Buffer.from('hello'));
    expect(await client.closed).toEqual({ code: 1003, reason: '' });
  });
});

describe('Malformed frame', () => {
  it.each([
    ['is not masked', clientFrame('x', { masked: false }), 1002],
    ['has a reserved bit', clientFrame('x', { rsv: 0x40 }), 1002],
    ['has another reserved bit', clientFrame('x', { rsv: 0x10 }), 1002],
    ['has an unknown opcode', clientFrame('x', { opcode: 3 }), 1002],
    ['has an unknown control opcode', clientFrame('x', { opcode: 0xb }), 1002],
    ['continues nothing', clientFrame('x', { opcode: 0 }), 1002],
    [
      'starts a text within a text',
      Buffer.concat([clientFrame('x', { final: false }), clientFrame('y')]),
      1002,
    ],
    [
      'starts a binary within a text',
      Buffer.concat([clientFrame('x', { final: false }), clientFrame('y', { opcode: 2 })]),
      1002,
    ],
    ['is a ping in parts', clientFrame('x', { opcode: 9, final: false }), 1002],
    ['is a ping above 125 bytes', clientFrame('x'.repeat(126), { opcode: 9 }), 1002],
    ['is a close with one byte', clientFrame('x', { opcode: 8 }), 1002],
    [
      'is a close with a code that none may send',
      clientFrame(Buffer.from([0x03, 0xed]), { opcode: 8 }),
      1002,
    ],
    [
      'is a close with a reason that is no UTF-8',
      clientFrame(Buffer.from([0x03, 0xe8, 0xff]), { opcode: 8 }),
      1007,
    ],
  ])('that %s closes the connection', async (_, frames, code) => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    const disconnected = gateway.functions.next('DISCONNECT');
    client.socket.write(frames);
    expect(await client.closeCode()).toBe(code);
    client.socket.end();
    expect((await disconnected).requestContext).toMatchObject({
      disconnectStatusCode: code,
      disconnectReason: '',
    });
    expect(gateway.logged).toEqual([]);
  });

  it('is the last that is read', async () => {
    const gateway = await start({ routes });
    const client = await gateway.raw({ stays: true });
    await client.open();
    const disconnected = gateway.functions.next('DISCONNECT');
    client.socket.write(clientFrame('x', { masked: false }));
    expect(await client.closeCode()).toBe(1002);
    const other = await gateway.connect();
    for (let i = 0; i < 5; i++) {
      client.socket.write(clientFrame('more'));
      await other.roundTrip();
      await other.roundTrip();
    }
    client.socket.end();
    await disconnected;
    expect(gateway.functions.count('MESSAGE')).toBe(0);
  });

  it('of any kind only ends its connection', async () => {
    const gateway = await start({ routes });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const client = await gateway.raw();
        await client.open();
        const disconnected = gateway.functions.next('DISCONNECT');
        client.socket.end(bytes);
        await disconnected;
      }),
      { numRuns: 100 },
    );
    expect(gateway.logged).toEqual([]);
    await expect(gateway.connect()).resolves.toBeDefined();
  });
});

describe('Control frame', () => {
  it('that pings is answered with its own bytes', async () => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    client.socket.write(clientFrame('hello', { opcode: 9 }));
    expect(await client.frame()).toEqual({ opcode: 10, payload: Buffer.from('hello') });
  });

  it('can be inside a fragmented message', async () => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    const message = gateway.functions.next('MESSAGE');
    const [first, second] = fragments('hel', 'lo');
    client.socket.write(
      Buffer.concat([first ?? '', clientFrame('', { opcode: 9 }), second ?? ''] as Buffer[]),
    );
    expect((await message).body).toBe('hello');
    expect((await client.frame()).opcode).toBe(10);
  });

  it('never reaches a function', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    client.ws.pong('unasked');
    await client.roundTrip();
    expect(gateway.functions.count('MESSAGE')).toBe(0);
  });
});
