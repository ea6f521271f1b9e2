import { EventEmitter, once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ManualClock } from '../../../local/clock';
import { Activity, REMEMBERED } from '../../../local/console/activity';
import { EventStreams } from '../../../local/console/event-streams';

/** Reads a stream's events one by one. */
class Reader {
  readonly #events: { name: string; data: Record<string, unknown>; id?: string }[] = [];
  readonly #came = new EventEmitter();
  #text = '';

  constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      this.#text += chunk;
      const blocks = this.#text.split('\n\n');
      this.#text = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
        const id = fields.get('id');
        this.#events.push({
          ...{ name: fields.get('event') ?? '', data: JSON.parse(fields.get('data') ?? '') },
          ...(id !== undefined && { id }),
        });
      }
      this.#came.emit('event');
    });
    response.on('error', () => {});
  }

  async next(name: string): Promise<{ data: Record<string, unknown>; id?: string }> {
    for (;;) {
      const event = this.#events.shift();
      if (event?.name === name) return event;
      if (!event) await once(this.#came, 'event');
    }
  }
}

describe('EventStreams', () => {
  let clock: ManualClock;
  let activity: Activity;
  let server: Server;
  let responses: ServerResponse[];

  beforeEach(async () => {
    clock = new ManualClock();
    activity = new Activity(clock);
    responses = [];
    const streams = new EventStreams(activity, clock, () => ({
      ...{ connections: 3, running: 1, environments: 2 },
    }));
    server = createServer((request, response) => {
      responses.push(response);
      streams.open(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const open = async (lastEventId?: string): Promise<Reader> => {
    const { port } = server.address() as AddressInfo;
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const [response] = await once(get({ host: '127.0.0.1', port, headers }), 'response');
    return new Reader(response);
  };
  const log = (text: string) => activity.add({ kind: 'log', level: 'info', text }, 'messages');
  const texts = ({ data }: { data: Record<string, unknown> }) =>
    (data.events as { text: string }[]).map(({ text }) => text);

  it('begins with the counts of the last minutes, and the remembered events', async () => {
    log('before');
    clock.advance(1_000);
    log('now');
    const reader = await open();
    const { data } = await reader.next('hello');
    expect((data.series as { messages: number[] }).messages.slice(-2)).toEqual([0, 1]);
    expect(data.current).toMatchObject({ messages: 1 });
    expect(data.gauges).toEqual({ connections: 3, running: 1, environments: 2 });
    expect(texts(await reader.next('batch'))).toEqual(['before', 'now']);
  });

  it('combines events within a tenth of a second', async () => {
    const reader = await open();
    await reader.next('hello');
    log('one');
    log('two');
    clock.advance(100);
    log('three');
    clock.advance(100);
    expect(texts(await reader.next('batch'))).toEqual(['one', 'two']);
    expect(texts(await reader.next('batch'))).toEqual(['three']);
  });

  it('sends the counts of each second, complete even if events are skipped', async () => {
    const reader = await open();
    await reader.next('hello');
    for (let n = 0; n < 5_000; n += 1) log(`line ${n}`);
    clock.advance(1_000);
    const batch = await reader.next('batch');
    expect(batch.data.skipped).toBe(4_800);
    expect(texts(batch).at(-1)).toBe('line 4999');
    const { data } = await reader.next('second');
    expect((data.counts as { messages: number }).messages).toBe(5_000);
  });

  it('sends each second once, even if it was too busy to send it in time', async () => {
    const reader = await open();
    const { data } = await reader.next('hello');
    const first = Number(data.until) + 1;
    log('in the first second');
    const busy = jest.spyOn(clock, 'now').mockReturnValue(clock.now() + 3_500);
    clock.advance(1_000);
    busy.mockRestore();
    clock.advance(4_000);
    const seconds: object[] = [];
    for (let second = first; second < first + 5; second += 1) {
      const { data: told } = await reader.next('second');
      seconds.push([told.second, (told.counts as { messages: number }).messages]);
    }
    expect(seconds).toEqual([1, 0, 0, 0, 0].map((messages, index) => [first + index, messages]));
  });

  it('continues where a reader was, if that was in the same run', async () => {
    for (const text of ['one', 'two', 'three']) log(text);
    expect(texts(await (await open(`${activity.run} 1`)).next('batch'))).toEqual(['two', 'three']);
    expect(texts(await (await open('another 1')).next('batch'))).toEqual(['one', 'two', 'three']);
  });

  it('begins with the next event for a reader that claims to be ahead', async () => {
    log('one');
    const reader = await open(`${activity.run} 1000`);
    await reader.next('hello');
    log('two');
    clock.advance(100);
    expect(texts(await reader.next('batch'))).toEqual(['two']);
  });

  it('remembers a limited number of events', () => {
    for (let n = 0; n < 3 * REMEMBERED; n += 1) log(`line ${n}`);
    const { events, skipped } = activity.after(0, 10 * REMEMBERED);
    expect(events).toHaveLength(REMEMBERED);
    expect(skipped).toBe(2 * REMEMBERED);
  });

  it('stops writing to a reader that does not read, and tells it later what it missed', async () => {
    const reader = await open();
    await reader.next('hello');
    reader.response.pause();
    const [response] = responses;
    const most = () => response?.writableLength ?? 0;
    // The buffers of the sockets fill up first.
    for (let round = 0; round < 2_000 && most() < 512 * 1024; round += 1) {
      for (let n = 0; n < 200; n += 1) log('x'.repeat(400));
      clock.advance(100);
      await new Promise(setImmediate);
    }
    const before = most();
    expect(before).toBeGreaterThan(512 * 1024);
    for (let round = 0; round < 50; round += 1) {
      for (let n = 0; n < 200; n += 1) log('x'.repeat(400));
      clock.advance(100);
    }
    expect(most()).toBe(before);
    reader.response.resume();
    log('the end');
    let batch = await reader.next('batch');
    const goOn = setInterval(() => clock.advance(1_000), 1);
    while (texts(batch).at(-1) !== 'the end') batch = await reader.next('batch');
    clearInterval(goOn);
    expect(Number(batch.data.skipped)).toBeGreaterThan(9_000);
  });

  it('runs no timer without readers', async () => {
    const reader = await open();
    await reader.next('hello');
    reader.response.destroy();
    const [response] = responses;
    if (response && !response.closed) await once(response, 'close');
    const after = jest.spyOn(clock, 'after');
    log('unheard');
    clock.advance(5_000);
    expect(after).not.toHaveBeenCalled();
  });

  it('hides secrets', async () => {
    log('{"password":"x"}');
    expect(texts(await (await open()).next('batch'))).toEqual(['{"password":"(hidden)"}']);
  });

  it('has at most 16 readers', async () => {
    const readers = await Promise.all(Array.from({ length: 17 }, () => open()));
    expect(readers.map(({ response }) => response.statusCode).filter((status) => status === 503)).toEqual([
      503,
    ]);
  });
});
