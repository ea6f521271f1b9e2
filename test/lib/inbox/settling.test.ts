import { WebSocketServer } from '../../../lib';
import { lambdaContext, ManualClock, messageEvent, TestService } from '../../../lib/testing';

beforeEach(() => jest.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => jest.restoreAllMocks());

class Echo extends WebSocketServer {
  override sharedConnection = false;
  override async server() {
    for (;;) await this.write(await this.read());
  }
}

/** Numbers between 0 and 1 that are the same in each run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * When Lambda has stored each message: a free environment handles it, or else a new one starts. `busyUntil` belongs
 * to the existing ones.
 */
function storedAt(stamps: number[], random: () => number, busyUntil: number[], start: [number, number]) {
  return stamps.map((stamp) => {
    const free = busyUntil.findIndex((until) => until <= stamp);
    const begin = free < 0 ? stamp + start[0] + random() * (start[1] - start[0]) : stamp;
    const end = begin + 4 + random() * 12;
    if (free < 0) busyUntil.push(end);
    else busyUntil[free] = end;
    return Math.round(end);
  });
}

const LINES = 200;
const EVERY_MILLISECONDS = 10;

describe('a dedicated socket', () => {
  const echoed = async (
    seed: number,
    { start = [300, 900], warm = 0 }: { start?: [number, number]; warm?: number } = {},
  ) => {
    const random = randomOf(seed);
    const clock = new ManualClock();
    const service = new TestService(Echo, { clock, serverMilliseconds: 900_000 });
    const client = await service.connect();
    await clock.advance(100);
    const begun = clock.now();
    const stamps = Array.from({ length: LINES }, (_, n) => begun + n * EVERY_MILLISECONDS);
    // The environment that ran $connect may not have finished yet.
    const environments = Array.from({ length: warm }, () => begun + Math.round(random() * 8));
    const arrivals = storedAt(stamps, random, environments, start)
      .map((at, n) => ({ at, n }))
      .sort((a, b) => a.at - b.at);
    for (const { at, n } of arrivals) {
      if (at > clock.now()) await clock.advance(at - clock.now());
      const event = messageEvent(`line ${n}`, { webSocketId: client.webSocketId, time: stamps[n] as number });
      await service.handlers.message(event, lambdaContext());
    }
    await clock.advance(30_000);
    return client.received;
  };
  const inOrder = Array.from({ length: LINES }, (_, n) => `line ${n}`);

  it.each([1, 2])('keeps the order of a stream from a cold start: seed %i', async (seed) => {
    expect(await echoed(seed)).toEqual(inOrder);
  });

  it.each([7])('keeps it when one environment is warm and others start: seed %i', async (seed) => {
    expect(await echoed(seed, { warm: 1 })).toEqual(inOrder);
  });

  it.each([11])('keeps it on a busy machine, where every start takes seconds: seed %i', async (seed) => {
    expect(await echoed(seed, { start: [1_500, 2_500] })).toEqual(inOrder);
  });

  it('does not report a timeout while a message settles', async () => {
    class Impatient extends WebSocketServer {
      override sharedConnection = false;
      override async server() {
        const heard = await this.read({ timeoutSeconds: 0.5 }).catch((error: Error) => error.name);
        await this.write(heard);
      }
    }
    const clock = new ManualClock();
    const service = new TestService(Impatient, { clock });
    const client = await service.connect();
    await clock.advance(100);
    await client.send('hello');
    await clock.advance(3_000);
    expect(client.received).toEqual(['hello']);
  });

  it('answers a single line within half a second', async () => {
    const clock = new ManualClock();
    const service = new TestService(Echo, { clock, serverMilliseconds: 900_000 });
    const client = await service.connect();
    await clock.advance(5_000);
    await client.send('hello');
    await clock.advance(650);
    expect(client.received).toEqual(['hello']);
  });

  it('answers within half a second in a longer stream', async () => {
    const clock = new ManualClock();
    const service = new TestService(Echo, { clock, serverMilliseconds: 900_000 });
    const client = await service.connect();
    for (let n = 0; n < 60; n++) {
      await client.send(`line ${n}`);
      await clock.advance(100);
    }
    await clock.advance(400);
    expect(client.received).toHaveLength(60);
  });
});
