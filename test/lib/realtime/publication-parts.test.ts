import type { ChannelRules } from '../../../lib';
import { RealtimeServer } from '../../../lib/realtime';
import { costOf } from '../../../lib/realtime/commands';
import { ManualClock, type TestClient, TestService } from '../../../lib/testing';

const METHOD = 'shared-connection:publish';
const UPLOAD_MILLISECONDS = 5 * 60_000;

const asked: { channel: string; data: unknown }[] = [];

class Board extends RealtimeServer {
  static override readonly anonymous = true;
  static override readonly channels: ChannelRules = { 'board/*': { log: { size: 5, seconds: 600 } } };
  override async onSubscribe() {
    return true;
  }
  override async onPublish(channel: string, data: unknown) {
    asked.push({ channel, data });
    return channel !== 'board/closed';
  }
}

interface Part {
  channel?: unknown;
  upload?: unknown;
  part?: unknown;
  of?: unknown;
  text?: unknown;
}

/** The frames that a client sends for some data, in parts of this many characters. */
function partsOf(data: unknown, length: number, { channel = 'board/1', upload = 'u1' } = {}): Part[] {
  const text = JSON.stringify(data);
  const of = Math.ceil(text.length / length);
  return Array.from({ length: of }, (_, n) => ({
    ...{ channel, upload, part: n + 1, of },
    text: text.slice(n * length, (n + 1) * length),
  }));
}

const all = (client: TestClient) =>
  client.received.flatMap((frame) => frame.split('\n')).map((text) => JSON.parse(text));

const published = (client: TestClient) =>
  all(client).flatMap(({ push }) => (push?.pub ? [push.pub.data as unknown] : []));

describe('PublicationParts', () => {
  let test: TestService;
  let clock: ManualClock;
  let ada: TestClient;
  let bob: TestClient;
  let ids = 0;

  const connected = async (): Promise<TestClient> => {
    const client = await test.connect();
    await client.send({ id: ++ids, connect: {} });
    return client;
  };

  /** The reply to the last part. */
  const send = async (client: TestClient, parts: (Part | null)[]) => {
    for (const data of parts) await client.send({ id: ++ids, rpc: { method: METHOD, data } });
    return all(client).find(({ id }) => id === ids);
  };

  beforeEach(async () => {
    asked.length = 0;
    clock = new ManualClock();
    test = new TestService(Board, { clock });
    [ada, bob] = [await connected(), await connected()];
    await bob.send({ id: ++ids, subscribe: { channel: 'board/1' } });
  });

  it('publishes the parts as one publication', async () => {
    const data = { text: 'a "quoted" text, with an emoji that two parts share: 😀'.repeat(20) };
    expect(await send(ada, partsOf(data, 7 * 15))).toEqual({ id: ids, rpc: { data: {} } });
    expect(published(bob)).toEqual([data]);
  });

  it('publishes a text of 120,000 characters', async () => {
    const data = 'x'.repeat(120_000);
    await send(ada, partsOf(data, 10_000));
    expect(published(bob)).toEqual([data]);
  });

  it('publishes nothing before the last part', async () => {
    await send(ada, partsOf('some data', 4).slice(0, -1));
    expect([published(bob), asked]).toEqual([[], []]);
  });

  it('calls onPublish with the complete data', async () => {
    await send(ada, partsOf({ n: 1 }, 3));
    expect(asked).toEqual([{ channel: 'board/1', data: { n: 1 } }]);
  });

  it('publishes nothing that onPublish refuses', async () => {
    const answer = await send(ada, partsOf('secret', 4, { channel: 'board/closed' }));
    expect(answer.error).toEqual({ code: 103, message: 'permission denied' });
  });

  it('includes the publisher', async () => {
    await send(ada, partsOf('hello', 4));
    expect(all(bob).at(-1).push.pub.info).toEqual({ user: '', client: ada.webSocketId });
  });

  it('names the first missing part', async () => {
    const [first, , ...others] = partsOf('some data', 2);
    const answer = await send(ada, [first ?? null, ...others]);
    expect(answer.error).toMatchObject({ code: 107, message: expect.stringContaining('part 2 of 6') });
    expect(published(bob)).toEqual([]);
  });

  it.each([
    ['another upload', {}, { upload: 'u2' }],
    ['an upload whose name begins alike', {}, { upload: 'u10' }],
    ['another channel', {}, { channel: 'board/2' }],
  ])('does not complete a publication with parts of %s', async (_what, whole, other) => {
    const [first, second] = partsOf('some data', 6, whole);
    await send(ada, partsOf('some data', 6, other).slice(0, 1));
    const answer = await send(ada, [second ?? null]);
    expect(answer.error.code).toBe(107);
    expect(published(bob)).toEqual([]);
    expect(first).toBeDefined();
  });

  it('does not complete a publication with a part of another split', async () => {
    const [first] = partsOf('some data', 6);
    await send(ada, [{ ...first, of: 3 }]);
    const answer = await send(ada, partsOf('some data', 6).slice(1));
    expect(answer.error.code).toBe(107);
  });

  it('does not complete a publication with parts of another connection', async () => {
    const [first, second] = partsOf('some data', 6);
    const eve = await connected();
    await send(eve, [first ?? null]);
    expect((await send(ada, [second ?? null])).error.code).toBe(107);
  });

  it('replaces the first copy of a part that is sent again', async () => {
    const [first, second] = partsOf('some data', 6);
    await send(ada, [{ ...first, text: '"gone ' }, first ?? null, second ?? null]);
    expect(published(bob)).toEqual(['some data']);
  });

  describe('for a client that sends the last part again', () => {
    const parts = partsOf('some data', 6);
    const last = parts.slice(-1) as Part[];

    it('publishes once, and returns the same reply', async () => {
      await send(ada, parts);
      expect(await send(ada, last)).toEqual({ id: ids, rpc: { data: {} } });
      expect(published(bob)).toEqual(['some data']);
    });

    it('publishes once if there is only one part', async () => {
      const [whole] = partsOf('some data', 100);
      await send(ada, [whole ?? null, whole ?? null]);
      expect(published(bob)).toEqual(['some data']);
    });

    it('refuses another end for the same parts', async () => {
      await send(ada, parts);
      const { error } = await send(ada, [{ ...last[0], text: 'dash"' }]);
      expect(error).toMatchObject({ code: 107, message: expect.stringContaining('u1') });
      expect(published(bob)).toEqual(['some data']);
    });

    it('refuses again what onPublish has refused', async () => {
      const closed = partsOf('some data', 6, { channel: 'board/closed' });
      await send(ada, closed);
      expect((await send(ada, closed.slice(-1))).error.code).toBe(103);
    });

    it('publishes if the first attempt has failed', async () => {
      jest.spyOn(console, 'error').mockImplementation(() => {});
      const failing = jest.spyOn(Board.prototype, 'onPublish').mockRejectedValueOnce(new Error('throttled'));
      expect((await send(ada, parts)).error.code).toBe(100);
      failing.mockRestore();
      expect(await send(ada, last)).toEqual({ id: ids, rpc: { data: {} } });
      expect(published(bob)).toEqual(['some data']);
    });

    it('publishes another upload with the same data', async () => {
      await send(ada, parts);
      await send(ada, partsOf('some data', 6, { upload: 'u2' }));
      expect(published(bob)).toEqual(['some data', 'some data']);
    });
  });

  it('calls no procedure by a name that is not a string', async () => {
    const [whole] = partsOf('some data', 100);
    await ada.send({ id: ++ids, rpc: { method: [METHOD], data: whole } });
    expect(all(ada).at(-1).error.code).toBe(104);
    expect(published(bob)).toEqual([]);
  });

  it('discards the parts of an upload that is not complete after five minutes', async () => {
    const [first, second] = partsOf('some data', 6);
    await send(ada, [first ?? null]);
    await clock.advance(UPLOAD_MILLISECONDS + 1_000);
    expect((await send(ada, [second ?? null])).error.code).toBe(107);
  });

  it('refuses more data than a publication may have', async () => {
    const parts = partsOf('x'.repeat(140_000), 10_000);
    expect((await send(ada, parts)).error.code).toBe(106);
    expect(asked).toEqual([]);
  });

  it('refuses parts that are not JSON together', async () => {
    const [first, second] = partsOf('some data', 6);
    const answer = await send(ada, [first ?? null, { ...second, text: 'x' }]);
    expect(answer.error).toMatchObject({ code: 107, message: expect.stringContaining('JSON') });
  });

  const whole = { channel: 'board/1', upload: 'u1', part: 1, of: 2, text: '"a' };
  it.each([
    ['no data', null],
    ['no channel', { ...whole, channel: undefined }],
    ['a pattern as a channel', { ...whole, channel: 'board/*' }],
    ['no upload', { ...whole, upload: undefined }],
    ['an upload with a long name', { ...whole, upload: 'u'.repeat(65) }],
    ['a number as an upload', { ...whole, upload: 1 }],
    ['part 0', { ...whole, part: 0 }],
    ['half a part', { ...whole, part: 1.5 }],
    ['part 3 of 2', { ...whole, part: 3 }],
    ['a text as a part', { ...whole, part: '1' }],
    ['17 parts', { ...whole, of: 17 }],
    ['no text', { ...whole, text: undefined }],
    ['an empty text', { ...whole, text: '' }],
    ['an object as a text', { ...whole, text: {} }],
  ])('refuses a part with %s', async (_what, part) => {
    expect((await send(ada, [part])).error.code).toBe(107);
  });
});

describe('costOf', () => {
  const part = JSON.stringify({ id: 1, rpc: { method: METHOD, data: { text: 'x'.repeat(10_000) } } });

  it('counts a part as ten messages', () => {
    expect(costOf(part)).toBe(10);
  });

  it('counts a part as ten messages, however its method is spelled', () => {
    expect(costOf(part.replace('shared', '\\u0073hared'))).toBe(10);
  });

  it('counts a short part as ten messages, because the last one publishes all of them', () => {
    const last = { channel: 'board/1', upload: 'u1', part: 14, of: 14, text: '"' };
    expect(costOf(JSON.stringify({ id: 1, rpc: { method: METHOD, data: last } }))).toBe(10);
  });

  it('counts a publication in one part once', () => {
    const only = { channel: 'board/1', upload: 'u1', part: 1, of: 1, text: '"a"' };
    expect(costOf(JSON.stringify({ id: 1, rpc: { method: METHOD, data: only } }))).toBe(1);
  });

  it('counts another call with as much data once', () => {
    expect(costOf(part.replace('shared-connection:publish', 'sum'))).toBe(1);
  });

  it.each([
    ['a text', '"subscribe":1,"rpc":'],
    ['two', '"subscribe":{},"subscribe":1,"rpc":'],
  ])('counts a part as ten messages that also has %s instead of a subscription', (_what, rpc) => {
    expect(costOf(part.replace('"rpc":', rpc))).toBe(10);
  });

  it('counts ten subscriptions as one message', () => {
    const frame = Array.from({ length: 20 }, (_, n) => `{"id":${n + 1},"subscribe":{"channel":"a/${n}"}}`);
    expect(costOf(frame.join('\n'))).toBe(2);
  });

  it('counts invalid JSON once', () => {
    expect(costOf('x'.repeat(10_000))).toBe(1);
  });
});
