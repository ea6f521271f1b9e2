import {
  InvalidUseError,
  InvalidValueError,
  SharedConnection,
  WebSocketClosedError,
  WebSocketServer,
  WebSocketTimeoutError,
} from '../../../lib';
import { lambdaContext, ManualClock, messageEvent, SkippingClock, TestService } from '../../../lib/testing';

/** Leaves its messages to any reader. */
class Listening extends WebSocketServer {}

class Answering extends WebSocketServer {
  override async onClientMessage(data: string) {
    await this.write(data);
  }
}

describe('reading from a process that knows only the id', () => {
  const setUp = async (clock = new SkippingClock(Date.now())) => {
    const service = new TestService(Listening, { clock });
    const client = await service.connect();
    await clock.advance(60_000);
    const open = () => SharedConnection.open(client.webSocketId, { backend: service.backend });
    return { clock, service, client, open, socket: await open() };
  };

  it('returns the messages one after the other', async () => {
    const { client, socket } = await setUp();
    await client.send('one');
    await client.send('two');
    expect([await socket.read(), await socket.read()]).toEqual(['one', 'two']);
  });

  it('returns an empty message', async () => {
    const { client, socket } = await setUp();
    await client.send('');
    expect(await socket.read()).toBe('');
    expect(socket.atEnd).toBe(true);
  });

  it('waits for the next message', async () => {
    const clock = new ManualClock();
    const { client, socket } = await setUp(clock as SkippingClock);
    const reading = socket.read({ timeoutSeconds: 30 });
    await clock.advance(12_345);
    await client.send('at last');
    await clock.advance(500);
    expect(await reading).toBe('at last');
  });

  it('times out, and the socket stays open', async () => {
    const { client, socket } = await setUp();
    const reading = socket.read({ timeoutSeconds: 10 });
    await expect(reading).rejects.toThrow(WebSocketTimeoutError);
    await expect(reading).rejects.toMatchObject({
      code: 'CSPWebSocketTimeout',
      seconds: 10,
      cutShort: false,
    });
    await client.send('x');
    expect(await socket.read()).toBe('x');
  });

  it('ends a wait in time before the process ends, and reports it', async () => {
    const { clock, service, client } = await setUp();
    const options = { backend: service.backend, deadline: clock.now() + 5_000 };
    const socket = await SharedConnection.open(client.webSocketId, options);
    const reading = socket.read();
    await expect(reading).rejects.toMatchObject({ cutShort: true });
    await expect(reading).rejects.toThrow(/cut short/);
    expect(clock.now()).toBeLessThanOrEqual(options.deadline);
  });

  it('returns messages from before the close, and then reports closed', async () => {
    const { client, socket } = await setUp();
    await client.send('a last word');
    await client.close();
    expect(await socket.read()).toBe('a last word');
    await expect(socket.read()).rejects.toThrow(WebSocketClosedError);
  });

  it('returns a message that was stored after the close by a handler that began before it', async () => {
    const { clock, service, client, socket } = await setUp();
    const event = messageEvent('late', { webSocketId: client.webSocketId, time: clock.now() });
    await client.close();
    clock.after(20_000, () => void service.handlers.message(event, lambdaContext()));
    expect(await socket.read()).toBe('late');
  });

  it('reports closed after the closed mark has expired', async () => {
    const clock = new ManualClock();
    const { client, socket } = await setUp(clock as SkippingClock);
    await client.close();
    await clock.advance(11 * 60_000);
    const reading = expect(socket.read()).rejects.toThrow(WebSocketClosedError);
    await clock.advance(2_000);
    await reading;
  });

  describe('without waiting', () => {
    it('returns what is there', async () => {
      const { client, socket } = await setUp();
      await client.send('x');
      expect(await socket.read({ timeoutSeconds: 0 })).toBe('x');
    });

    it('times out immediately on a silent client', async () => {
      const { clock, socket } = await setUp();
      const before = clock.now();
      await expect(socket.read({ timeoutSeconds: 0 })).rejects.toThrow(WebSocketTimeoutError);
      expect(clock.now()).toBe(before);
    });

    it('notices a client that vanished, and has its departure cleaned up', async () => {
      const { service, client, socket } = await setUp();
      client.vanish();
      await expect(socket.read({ timeoutSeconds: 0 })).rejects.toThrow(WebSocketClosedError);
      await service.runQueued();
      expect(service.table.items().filter(({ sk }) => sk.startsWith('MEMBER#'))).toEqual([]);
    });

    it('reports closed immediately', async () => {
      const { client, socket } = await setUp();
      await client.close();
      await expect(socket.read({ timeoutSeconds: 0 })).rejects.toThrow(WebSocketClosedError);
    });

    it('does not wait for a handshake', async () => {
      const clock = new ManualClock();
      const service = new TestService(Listening, { clock });
      const client = await service.connect();
      const socket = await SharedConnection.open(client.webSocketId, { backend: service.backend });
      client.vanish();
      await expect(socket.read({ timeoutSeconds: 0 })).rejects.toThrow(WebSocketTimeoutError);
    });
  });

  describe('of a long message', () => {
    it('reads it in pieces, and marks the last one', async () => {
      const { client, socket } = await setUp();
      const text = 'x'.repeat(100_000);
      await client.send(text);
      const pieces = [];
      do pieces.push({ piece: await socket.read(), atEnd: socket.atEnd });
      while (!socket.atEnd);
      expect(pieces.map(({ piece }) => piece.length)).toEqual([32_656, 32_656, 32_656, 2_032]);
      expect(pieces.map(({ atEnd }) => atEnd)).toEqual([false, false, false, true]);
      expect(pieces.map(({ piece }) => piece).join('')).toBe(text);
    });

    it('never splits a character', async () => {
      const { client, socket } = await setUp();
      await client.send('a😀b');
      expect(await socket.read({ maxLength: 2 })).toBe('a');
      expect(await socket.read({ maxLength: 2 })).toBe('😀');
      expect(await socket.read({ maxLength: 2 })).toBe('b');
      expect(socket.atEnd).toBe(true);
    });
  });

  it('does not return a message that has not settled, and reads an earlier one first', async () => {
    const clock = new ManualClock();
    const { service, client, socket } = await setUp(clock as SkippingClock);
    const sentAt = clock.now();
    await client.send('second');
    const reading = socket.read({ settleMilliseconds: 1_000 });
    await clock.advance(500);
    const earlier = messageEvent('first', { webSocketId: client.webSocketId, time: sentAt - 1 });
    await service.handlers.message(earlier, lambdaContext());
    await clock.advance(1_000);
    expect(await reading).toBe('first');
    expect(await socket.read({ settleMilliseconds: 1_000 })).toBe('second');
  });

  it('gives each message to only one of many readers', async () => {
    const { client, open } = await setUp();
    for (let n = 0; n < 100; n++) await client.send(String(n));
    const read: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = await open();
        for (;;) {
          const message = await socket.read({ timeoutSeconds: 0 }).catch(() => undefined);
          if (message === undefined) return;
          read.push(Number(message));
        }
      }),
    );
    expect(read.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it('iterates over whole messages until the close', async () => {
    const { client, socket } = await setUp();
    const long = 'y'.repeat(70_000);
    for (const text of ['one', long]) await client.send(text);
    await client.close();
    const messages = [];
    for await (const message of socket.messages({ timeoutSeconds: 60 })) messages.push(message);
    expect(messages).toEqual(['one', long]);
  });

  it('iterates with a timeout', async () => {
    const { socket } = await setUp();
    await expect(socket.messages({ timeoutSeconds: 1 }).next()).rejects.toThrow(WebSocketTimeoutError);
  });

  it.each([
    [{ maxLength: 1 }, 'maxLength must be a whole number of at least 2, not 1.'],
    [{ maxLength: 2.5 }, 'maxLength must be a whole number of at least 2, not 2.5.'],
    [{ timeoutSeconds: -1 }, 'timeoutSeconds must be 0 or more, not -1.'],
    [{ settleMilliseconds: Number.NaN }, 'settleMilliseconds must be 0 or more, not NaN.'],
  ])('refuses %p', async (options, message) => {
    const { socket } = await setUp();
    const reading = socket.read(options);
    await expect(reading).rejects.toThrow(InvalidValueError);
    await expect(reading).rejects.toThrow(message);
  });

  it('is refused if messages go to onClientMessage', async () => {
    const service = new TestService(Answering);
    const client = await service.connect();
    const socket = await SharedConnection.open(client.webSocketId, { backend: service.backend });
    const reading = socket.read();
    await expect(reading).rejects.toThrow(InvalidUseError);
    await expect(reading).rejects.toThrow(/they go to onClientMessage of its service chat/);
  });

  it('leaves no rows after the closed mark has expired, read or not', async () => {
    const { clock, service, client, socket } = await setUp();
    await client.send('read');
    await client.send('not read');
    await socket.read();
    await client.close();
    await clock.advance(11 * 60_000);
    expect(service.table.items()).toEqual([]);
  });

  it('needs few queries for each message of a stream, and deletes what it has returned', async () => {
    const clock = new ManualClock();
    let queries = 0;
    const service = new TestService(Listening, {
      clock,
      intercept: async (call, apply) => {
        if (call.operation === 'query') queries++;
        return apply();
      },
    });
    const client = await service.connect();
    const socket = await SharedConnection.open(client.webSocketId, { backend: service.backend });
    queries = 0;
    const messages = 400;
    for (let n = 0; n < messages; n++) {
      await client.send(String(n));
      expect(await socket.read()).toBe(String(n));
      await clock.advance(300);
    }
    expect(queries / messages).toBeLessThan(1.5);
    const rows = service.table.items().filter(({ sk }) => sk.startsWith('MESSAGE#'));
    // The messages of the last minute and a half.
    expect(rows.length).toBeLessThan(350);
  });
});
