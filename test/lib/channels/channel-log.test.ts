import { type Joined, type Line, Service, WebSocketServer } from '../../../lib';
import { lambdaContext, newWebSocketId, type SkippingClock, TestService } from '../../../lib/testing';

const RULES = { 'board/*': { log: { size: 10, seconds: 60 } } };

/** Its clients join, leave and publish. */
class Board extends WebSocketServer {
  static override readonly channels = RULES;
  override async onClientMessage(text: string) {
    const { join, leave, say, since, request } = JSON.parse(text);
    if (join) await this.subscribe(join, { ...(since && { since }), ...(request && { request }) });
    if (leave) await this.unsubscribe(leave);
    if (say) await this.service.channel('board/1').publish(say);
  }
}

function framesOf(received: string[]): unknown[] {
  return received.flatMap((frame) => frame.split('\n')).map((line) => JSON.parse(line));
}

describe('a channel with a log', () => {
  const setUp = async () => {
    const test = new TestService(Board);
    const inside = new Service('chat', {
      backend: test.backend,
      serverClass: Board,
      serverFunction: 'chat-server',
    });
    return { test, inside, channel: inside.channel('board/1') };
  };

  it('tells a new member its position, and then sends each line once and in order', async () => {
    const { test } = await setUp();
    const [ada, bob] = [await test.connect(), await test.connect()];
    await ada.send({ join: 'board/1' });
    await bob.send({ say: 'one' });
    await bob.send({ say: { n: 2 } });
    const [position, ...lines] = framesOf(ada.received) as { epoch: string; offset: number }[];
    expect(position).toEqual({ channel: 'board/1', epoch: expect.any(String), offset: 0 });
    const epoch = position?.epoch;
    expect(lines).toEqual([
      { channel: 'board/1', epoch, offset: 1, data: 'one' },
      { channel: 'board/1', epoch, offset: 2, data: { n: 2 } },
    ]);
    expect(bob.received).toEqual([]);
  });

  it('sends a returning member what it has missed', async () => {
    const { test, channel } = await setUp();
    const ada = await test.connect();
    await ada.send({ join: 'board/1' });
    const { position: first } = await channel.publish('one');
    await ada.close();
    await channel.publish('two');
    await channel.publish('three');
    const again = await test.connect();
    await again.send({ join: 'board/1', since: first, request: 7 });
    await channel.publish('four');
    const [answer, ...lines] = framesOf(again.received);
    expect(answer).toMatchObject({ offset: 3, recovered: true });
    expect(lines).toMatchObject([
      { offset: 2, data: 'two' },
      { offset: 3, data: 'three' },
      { offset: 4, data: 'four' },
    ]);
  });

  it.each([
    ['was away for longer than the log', (epoch: string) => ({ epoch, offset: 1 })],
    ['comes from another life of the log', () => ({ epoch: 'other', offset: 12 })],
    ['claims more than there is', (epoch: string) => ({ epoch, offset: 99 })],
  ])('tells a member %s that it must start from scratch', async (_what, since) => {
    const { test, channel } = await setUp();
    let epoch = '';
    for (let n = 0; n < 12; n++) epoch = (await channel.publish(n)).position?.epoch ?? '';
    const ada = await test.connect();
    await ada.send({ join: 'board/1', since: since(epoch) });
    expect(framesOf(ada.received)).toEqual([{ channel: 'board/1', epoch, offset: 12, recovered: false }]);
  });

  it('returns no expired lines', async () => {
    const { test, channel } = await setUp();
    const { position: first } = await channel.publish('old');
    await channel.publish('older than a minute soon');
    const clock = test.clock as unknown as { advance(milliseconds: number): Promise<void> };
    await clock.advance(61_000);
    await channel.publish('new');
    const { lines } = await channel.history();
    expect(lines).toMatchObject([{ offset: 3, data: 'new' }]);
    const ada = await test.connect();
    await ada.send({ join: 'board/1', since: first });
    expect(framesOf(ada.received)).toMatchObject([{ offset: 3, recovered: false }]);
  });

  it('has a history: with a limit, from either end, and after a position', async () => {
    const { channel } = await setUp();
    for (let n = 1; n <= 12; n++) await channel.publish(n);
    const { epoch, offset, lines } = await channel.history();
    expect(offset).toBe(12);
    expect(lines.map(({ data }) => data)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const data = async (options: object) => (await channel.history(options)).lines.map((line) => line.data);
    expect(await data({ limit: 2 })).toEqual([3, 4]);
    expect(await data({ limit: 2, reverse: true })).toEqual([12, 11]);
    expect(await data({ reverse: true })).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
    expect(await data({ since: { epoch, offset: 10 } })).toEqual([11, 12]);
    expect(await data({ limit: 0 })).toEqual([]);
    expect(await channel.history({ since: { epoch, offset: 10 } })).toMatchObject({ recovered: true });
    expect(await channel.history({ since: { epoch, offset: 1 } })).toMatchObject({ recovered: false });
    expect(await channel.history({ since: { epoch: 'x', offset: 11 } })).toMatchObject({ recovered: false });
  });

  it('accepts a line from a process that does not know the class, and has it posted', async () => {
    const { test, channel } = await setUp();
    const ada = await test.connect();
    await ada.send({ join: 'board/1' });
    const published = await test.service.channel('board/1').publish({ from: 'elsewhere' });
    expect(published).toMatchObject({ position: { offset: 1 } });
    expect(test.functions.queue).toMatchObject([{ functionName: 'chat-server', request: { type: 'post' } }]);
    await test.runQueued();
    expect(framesOf(ada.received)).toMatchObject([{ offset: 0 }, { offset: 1, data: { from: 'elsewhere' } }]);
    expect((await channel.history()).lines).toHaveLength(1);
  });

  it('is known as a channel with a log to a process that does not know the class, once it has been used', async () => {
    const { test, inside, channel } = await setUp();
    expect(await test.service.channel('board/1').hasLog()).toBe(false);
    expect([await channel.hasLog(), await inside.channel('news').hasLog()]).toEqual([true, false]);
    await channel.publish('one');
    expect(await test.service.channel('board/1').hasLog()).toBe(true);
  });

  it('sends lines from then on to a member that another process has subscribed', async () => {
    const { test, channel } = await setUp();
    const ada = await test.connect();
    await channel.publish('before');
    expect(await test.service.channel('board/1').subscribe(ada.webSocketId)).toBe(true);
    await channel.publish('after');
    await channel.publish('later');
    expect(framesOf(ada.received)).toMatchObject([{ offset: 2, data: 'after' }, { offset: 3 }]);
  });

  it('sends nothing more to a client that has left', async () => {
    const { test, channel } = await setUp();
    const [ada, bob] = [await test.connect(), await test.connect()];
    await ada.send({ join: 'board/1' });
    await bob.send({ join: 'board/1' });
    await ada.send({ leave: 'board/1' });
    await bob.close();
    await channel.publish('one');
    expect(ada.received).toHaveLength(1);
    const ofMembers = test.table.items().filter(({ sk }) => /^(MEMBER|JOIN)#/.test(sk));
    expect(ofMembers.filter(({ pk }) => pk.endsWith('board/1'))).toEqual([]);
  });

  it('disconnects a client that may have missed a line, and the client returns without a gap', async () => {
    const { test, channel } = await setUp();
    const ada = await test.connect();
    await ada.send({ join: 'board/1' });
    const { position } = await channel.publish('one');
    test.gateway.failNextPosts(500);
    await channel.publish('two');
    expect(test.gateway.isOpen(ada.webSocketId)).toBe(false);
    await test.runQueued();
    const again = await test.connect();
    await again.send({ join: 'board/1', since: position });
    expect(framesOf(again.received)).toMatchObject([{ offset: 2, recovered: true }, { data: 'two' }]);
  });

  describe('whose publisher', () => {
    beforeEach(() => jest.spyOn(console, 'error').mockImplementation(() => {}));
    afterEach(() => jest.restoreAllMocks());

    it('may not post leaves that to the service, and disconnects no client', async () => {
      const { test, channel } = await setUp();
      const [ada, bob] = [await test.connect(), await test.connect()];
      await ada.send({ join: 'board/1' });
      await bob.send({ join: 'board/1' });
      test.gateway.failNextPosts(403, 403);
      await channel.publish('one');
      expect(framesOf(ada.received)).toHaveLength(1);
      await test.runQueued();
      for (const client of [ada, bob]) {
        expect(test.gateway.isOpen(client.webSocketId)).toBe(true);
        expect(framesOf(client.received)).toMatchObject([{ offset: 0 }, { data: 'one' }]);
      }
    });

    it('may not post leaves clients that wait for their position to the service', async () => {
      const { test, channel } = await setUp();
      const ada = await test.connect();
      const key = { pk: 'CHANNEL#chat#board/1', sk: 'POSTER#' };
      await channel.publish('zero');
      // Another poster should answer, but crashes.
      const set = { poster: 'another', until: test.clock.now() + 10 };
      await test.table.update(key, { set }, { kind: 'always' });
      await ada.send({ join: 'board/1' });
      await (test.clock as SkippingClock).advance(20);
      test.gateway.failNextPosts(403);
      await channel.publish('one');
      await test.runQueued();
      expect(framesOf(ada.received)).toMatchObject([{ offset: 1 }, { data: 'one' }]);
    });

    it('cannot read what to post disconnects no client, because nothing was posted', async () => {
      let isBroken = false;
      const test = new TestService(Board, {
        intercept: async ({ operation, subject }, apply) => {
          if (!isBroken || operation !== 'query' || !subject.startsWith('LOG#')) return apply();
          isBroken = false;
          throw new Error('throttled');
        },
      });
      const [ada, bob] = [await test.connect(), await test.connect()];
      await ada.send({ join: 'board/1' });
      isBroken = true;
      await bob.send({ say: 'one' });
      await test.runQueued();
      await bob.send({ say: 'two' });
      expect(test.gateway.isOpen(ada.webSocketId)).toBe(true);
      expect(framesOf(ada.received)).toMatchObject([{ offset: 0 }, { data: 'one' }, { data: 'two' }]);
    });
  });

  it('waits for a throttled client', async () => {
    const { test, channel } = await setUp();
    const ada = await test.connect();
    await ada.send({ join: 'board/1' });
    test.gateway.failNextPosts(429, 429);
    await channel.publish('one');
    expect(framesOf(ada.received)).toMatchObject([{ offset: 0 }, { offset: 1 }]);
  });

  it('skips an offset whose publisher has crashed, after two seconds', async () => {
    const { test, channel } = await setUp();
    const ada = await test.connect();
    await ada.send({ join: 'board/1' });
    await test.table.update({ pk: 'LOG#chat#board/1', sk: 'LOG' }, { add: { last: 1 } }, { kind: 'always' });
    const begun = test.clock.now();
    await channel.publish('two');
    expect(test.clock.now() - begun).toBeGreaterThanOrEqual(2_000);
    await test.runQueued();
    expect(framesOf(ada.received)).toMatchObject([{ offset: 0 }, { offset: 2, data: 'two' }]);
    expect((await channel.history()).lines).toMatchObject([{ offset: 2 }]);
  });

  describe('while a line is not stored yet', () => {
    const row = { pk: 'LOG#chat#board/1', sk: 'LOG' };
    const stored = async (test: TestService, offset: number) => {
      const sk = `ENTRY#${String(offset).padStart(15, '0')}`;
      await test.table.put(
        { ...row, sk, data: JSON.stringify(offset), id: 'x', at: test.clock.now() },
        { kind: 'always' },
      );
    };
    const setUpHole = async () => {
      const { test, channel } = await setUp();
      const epoch = (await channel.publish(1)).position?.epoch ?? '';
      await channel.publish(2);
      for (const _ of [3, 4, 5]) await test.table.update(row, { add: { last: 1 } }, { kind: 'always' });
      await stored(test, 4);
      const read = async (options: object = {}) => {
        const { lines, ...history } = await channel.history(options);
        return { ...history, data: lines.map(({ data }) => data) };
      };
      return { test, epoch, read };
    };

    it('has a history up to that line, because members receive it before later lines', async () => {
      const { epoch, read } = await setUpHole();
      expect(await read()).toEqual({ epoch, offset: 2, data: [1, 2] });
      expect(await read({ reverse: true })).toEqual({ epoch, offset: 2, data: [2, 1] });
      expect(await read({ reverse: true, limit: 1 })).toEqual({ epoch, offset: 2, data: [2] });
      expect(await read({ limit: 1 })).toMatchObject({ data: [1] });
      expect(await read({ since: { epoch, offset: 1 } })).toEqual({
        ...{ epoch, offset: 2, recovered: true, data: [2] },
      });
    });

    it('has nothing new for a member with all stored lines, and does not tell it to start from scratch', async () => {
      const { test, epoch, read } = await setUpHole();
      const since = { epoch, offset: 2 };
      expect(await read({ since })).toEqual({ epoch, offset: 2, recovered: true, data: [] });
      await stored(test, 3);
      expect(await read({ since })).toEqual({ epoch, offset: 4, recovered: true, data: [3, 4] });
      expect(await read({ reverse: true })).toEqual({ epoch, offset: 4, data: [4, 3, 2, 1] });
    });
  });

  it('uses another offset for a line whose own offset was skipped in the meantime', async () => {
    let isSkipped = false;
    const test: TestService = new TestService(Board, {
      intercept: async ({ operation, subject }, apply) => {
        if (operation === 'put' && subject.endsWith('ENTRY#000000000000001') && !isSkipped) {
          isSkipped = true;
          const row = { pk: 'LOG#chat#board/1', sk: 'ENTRY#000000000000001', skipped: true };
          await test.table.put(row, { kind: 'always' });
        }
        return apply();
      },
    });
    const [ada, bob] = [await test.connect(), await test.connect()];
    await ada.send({ join: 'board/1' });
    await bob.send({ say: 'one' });
    expect(framesOf(ada.received)).toMatchObject([{ offset: 0 }, { offset: 2, data: 'one' }]);
  });

  describe('whose poster', () => {
    const key = { pk: 'CHANNEL#chat#board/1', sk: 'POSTER#' };
    const setUpPoster = async (until: (now: number) => number, batch?: string) => {
      const { test, channel } = await setUp();
      const ada = await test.connect();
      await ada.send({ join: 'board/1' });
      const set = { poster: 'another', until: until(test.clock.now()), ...(batch && { batch }) };
      await test.table.update(key, { set }, { kind: 'always' });
      await channel.publish('one');
      return { test, channel, ada };
    };

    it('has the lease leaves the line to it', async () => {
      const { test, ada } = await setUpPoster((now) => now + 10_000);
      expect(framesOf(ada.received)).toEqual([expect.objectContaining({ offset: 0 })]);
      expect(test.gateway.isOpen(ada.webSocketId)).toBe(true);
    });

    it('has crashed between two batches is followed by the next one', async () => {
      const { ada } = await setUpPoster((now) => now - 1);
      expect(framesOf(ada.received)).toMatchObject([{ offset: 0 }, { offset: 1 }]);
    });

    it('has crashed in a batch is followed by one that disconnects clients that may have half of it', async () => {
      const { test, ada } = await setUpPoster((now) => now - 1, 'another');
      expect(framesOf(ada.received)).toHaveLength(1);
      expect(test.gateway.isOpen(ada.webSocketId)).toBe(false);
    });

    it('has crashed is replaced by the sweep', async () => {
      const { test, ada } = await setUpPoster((now) => now + 10_000);
      await (test.clock as SkippingClock).advance(20_000);
      await test.handlers.server({ type: 'sweep' }, lambdaContext());
      expect(framesOf(ada.received)).toMatchObject([{ offset: 0 }, { offset: 1 }]);
    });
  });

  it('does not let a line be published beyond the log', async () => {
    const { inside, channel } = await setUp();
    await expect((async () => inside.publish('board/1', 'x'))()).rejects.toThrow(
      /has a log.*service\.channel/,
    );
    await expect(channel.publish('x', { except: newWebSocketId() })).rejects.toThrow(/everybody gets/);
  });

  it('does not store a line that is too large to send', async () => {
    const { channel } = await setUp();
    await expect(channel.publish('x'.repeat(140_000))).rejects.toThrow(/at most 131072/);
    expect((await channel.history()).lines).toEqual([]);
  });

  it('reports that a channel has no log', async () => {
    const { inside } = await setUp();
    await expect(inside.channel('news').history()).rejects.toThrow(/has no log/);
    const test = new TestService(Board);
    const ada = await test.connect();
    await expect(ada.send({ join: 'news', since: { epoch: 'x', offset: 1 } })).rejects.toThrow(/has no log/);
    await expect(ada.send({ join: 'board/1', since: { epoch: 1 } })).rejects.toThrow(/since must have/);
  });

  it('sends in the format of its class', async () => {
    class Telegraph extends Board {
      static override encodeLines(channel: string, lines: Line[]) {
        return lines.map(({ offset, data }) => `${channel} ${offset}: ${data}`);
      }
      static override encodeJoined({ offset, request }: Joined) {
        return [`${request}: at ${offset}`];
      }
      static override encodeResubscribe(channel: string) {
        return `${channel}: where were you?`;
      }
    }
    const test = new TestService(Telegraph);
    const [ada, bob] = [await test.connect(), await test.connect()];
    await ada.send({ join: 'board/1', request: 'r1' });
    await bob.send({ say: 'one' });
    test.gateway.failNextPosts(502);
    await bob.send({ say: 'two' });
    await bob.send({ say: 'three' });
    expect(ada.received).toEqual(['r1: at 0', 'board/1 1: one', 'board/1: where were you?']);
    await ada.send({ join: 'board/1', request: 'r2' });
    await bob.send({ say: 'four' });
    expect(ada.received.slice(3)).toEqual(['r2: at 3', 'board/1 4: four']);
  });
});
