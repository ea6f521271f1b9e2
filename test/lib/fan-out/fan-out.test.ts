import { WebSocketServer } from '../../../lib';
import { emptyCounts } from '../../../lib/delivery/delivery-report';
import { estimateAfter, rangesAfter, type Share, ShareStore } from '../../../lib/fan-out/shares';
import type { ServiceRequest } from '../../../lib/invocations/invoker';
import {
  type Call,
  SkippingClock,
  type TestClient,
  TestService,
  type TestServiceOptions,
} from '../../../lib/testing';
import { lambdaContext } from '../../../lib/testing/events';

class Room extends WebSocketServer {
  override async onPreServer() {
    await this.subscribe('room');
  }
}

/** A service whose asynchronous invocations run immediately, concurrently with their caller. */
class RunningService extends TestService {
  readonly requests: ServiceRequest[] = [];
  readonly failures: unknown[] = [];
  readonly running: Promise<unknown>[] = [];
  /** Invocations that are held back. */
  isHeld = false;

  constructor(options: TestServiceOptions = {}) {
    super(Room, options);
    this.backend.invoker = {
      invoke: async (_function, request) => {
        this.requests.push(request);
        if (!this.isHeld) this.start(request);
      },
    };
  }

  start(request: ServiceRequest, context = lambdaContext({ remainingMilliseconds: this.remaining })): void {
    const run = this.handlers.server(request, context);
    this.running.push(run.catch((error: unknown) => this.failures.push(error)));
  }

  remaining = 120_000;

  async crowd(count: number): Promise<TestClient[]> {
    const clients: TestClient[] = [];
    for (let index = 0; index < count; index++) clients.push(await this.connect());
    return clients;
  }

  shares(): Share[] {
    return this.requests.flatMap((request) => (request.type === 'deliver' ? [request.share] : []));
  }
}

const OPTIONS = { inlineMembers: 50, workerMembers: 40 };
const heard = (clients: TestClient[]) => clients.map(({ received }) => received.length);

describe('A delivery to many', () => {
  it.each(['everyone', 'a channel'])(
    'to %s is split over workers, and reaches each member once',
    async (whom) => {
      const service = new RunningService();
      const clients = await service.crowd(150);
      const report =
        whom === 'everyone'
          ? await service.service.deliver('hello', OPTIONS)
          : await service.service.publish('room', 'hello', OPTIONS);
      expect(report).toMatchObject({
        members: 150,
        sent: 150,
        gone: 0,
        pending: 0,
        failed: 0,
        unfinished: 0,
      });
      const { workers } = report;
      expect(workers).toBeGreaterThanOrEqual(2);
      expect(service.shares()).toHaveLength(workers);
      expect(new Set(heard(clients))).toEqual(new Set([1]));
    },
  );

  it('stays in the caller as long as possible', async () => {
    const service = new RunningService();
    const clients = await service.crowd(50);
    expect(await service.service.deliver('hello', OPTIONS)).toMatchObject({ workers: 0, unfinished: 0 });
    expect(service.requests).toEqual([]);
    expect(new Set(heard(clients))).toEqual(new Set([1]));
  });

  it('skips the excluded connections, in every share', async () => {
    const service = new RunningService();
    const clients = await service.crowd(120);
    const except = clients.filter((_, index) => index % 4 === 0).map(({ webSocketId }) => webSocketId);
    const report = await service.service.publish('room', 'hello', { ...OPTIONS, except });
    expect(report.sent).toBe(90);
    expect(heard(clients)).toEqual(clients.map((_, index) => (index % 4 === 0 ? 0 : 1)));
  });

  it('gives each worker its part of the rate', async () => {
    const service = new RunningService();
    await service.crowd(120);
    await service.service.deliver('hello', { ...OPTIONS, rate: { perSecond: 100, burst: 10 } });
    const shares = service.shares();
    for (const { options } of shares) expect(options.rate?.perSecond).toBe(100 / (shares.length + 1));
  });

  it('counts the results of each part, and reports later what it reported to the caller', async () => {
    const clock = new SkippingClock();
    const service = new RunningService({ clock });
    const clients = await service.crowd(150);
    await clock.advance(60_000);
    for (const client of clients.slice(0, 20)) client.vanish();
    service.gateway.failNextPosts(429, 429, 429);
    const report = await service.service.deliver('hello', OPTIONS);
    expect(report).toMatchObject({ members: 150, sent: 130, gone: 20, throttled: 3 });
    expect(report.seconds).toBeGreaterThan(0);
    expect(await service.service.report(report.id)).toEqual({ ...report, seconds: expect.any(Number) });
  });

  it('is unfinished until its caller has finished its own members', async () => {
    const clock = new SkippingClock();
    const service = new RunningService({ clock });
    const begunAt = clock.now();
    const store = new ShareStore(service.table, service.clock);
    await store.begin('d', begunAt);
    await clock.advance(2_000);
    expect(await service.service.report('d')).toMatchObject({ members: 0, unfinished: 1, seconds: 2 });
    await store.finishCaller('d', { ...emptyCounts(), sent: 3 });
    await clock.advance(5_000);
    expect(await service.service.report('d')).toMatchObject({ members: 3, unfinished: 0, seconds: 2 });
  });

  it('does not wait for workers forever: the rest can be read later', async () => {
    const service = new RunningService();
    service.isHeld = true;
    await service.crowd(120);
    const report = await service.service.deliver('hello', { ...OPTIONS, waitMilliseconds: 5_000 });
    const { id, workers, unfinished } = report;
    expect(unfinished).toBe(workers);
    expect(report.sent).toBe(50);
    for (const request of service.requests) service.start(request);
    await Promise.all(service.running);
    expect(await service.service.report(id)).toMatchObject({
      id,
      members: 120,
      sent: 120,
      workers,
      unfinished: 0,
    });
    expect(await service.service.report('another')).toBeUndefined();
  });
});

describe('A worker', () => {
  const POST_MILLISECONDS = 40;

  /** A worker whose posts take some time, with one share of 120 members. */
  async function withOneShare(intercept?: TestServiceOptions['intercept']) {
    let isSlow = false;
    const service: RunningService = new RunningService({
      intercept: async (call, apply) => {
        if (isSlow && call.operation === 'POST') {
          await new Promise<void>((resolve) => service.clock.after(POST_MILLISECONDS, resolve));
        }
        return intercept ? intercept(call, apply) : apply();
      },
    });
    const clients = await service.crowd(120);
    const [share] = rangesAfter('MEMBER#00', 1).map((range) => ({
      ...{ delivery: 'd', number: 0, turn: 0, data: 'hello', except: [], options: { concurrency: 2 } },
      ...{ ...range, after: 'MEMBER#' },
    }));
    if (!share) throw new Error('There is no range.');
    const store = new ShareStore(service.table, service.clock);
    await store.begin('d', service.clock.now());
    await store.finishCaller('d', emptyCounts());
    await store.add(share);
    isSlow = true;
    return { service, clients, request: { type: 'deliver', share } as const };
  }

  it('hands over before its time runs out, and no client receives anything twice', async () => {
    const { service, clients, request } = await withOneShare();
    service.remaining = 15_000;
    service.start(request);
    while (service.running.length > 0) await service.running.shift();
    expect(service.failures).toEqual([]);
    expect(service.shares().length).toBeGreaterThanOrEqual(1);
    expect(new Set(heard(clients))).toEqual(new Set([1]));
    expect(await service.service.report('d')).toMatchObject({ sent: 120, workers: 1, unfinished: 0 });
  });

  it('that crashes is followed by its retry at the last checkpoint', async () => {
    let posts = 0;
    let isDead = false;
    const intercept = async <T>(call: Call, apply: () => T) => {
      if (call.operation === 'POST' && ++posts === 80) isDead = true;
      // Calls of a crashed invocation never return.
      if (isDead) return new Promise<never>(() => {});
      return apply();
    };
    const { service, clients, request } = await withOneShare(intercept);
    const context = lambdaContext();
    service.start(request, context);
    while (!isDead) await new Promise((resolve) => setImmediate(resolve));
    const reached = heard(clients).reduce((sum, count) => sum + count, 0);
    isDead = false;
    posts = 1_000;
    service.start(request, context);
    await service.running.at(-1);
    const counts = heard(clients);
    expect(Math.min(...counts)).toBe(1);
    expect(Math.max(...counts)).toBeLessThanOrEqual(2);
    // Without a checkpoint, all reached members would be reached again.
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThan(120 + reached);
    expect(await service.service.report('d')).toMatchObject({ sent: 120, workers: 1, unfinished: 0 });
  });

  it('does not touch a share that another worker has, or that is done', async () => {
    const { service, clients, request } = await withOneShare();
    service.start(request, lambdaContext({ requestId: 'first' }));
    service.start(request, lambdaContext({ requestId: 'second' }));
    await Promise.all(service.running);
    service.start(request, lambdaContext({ requestId: 'third' }));
    await Promise.all(service.running);
    expect(new Set(heard(clients))).toEqual(new Set([1]));
  });

  it('sends nothing of a finished share to later members, however late Lambda retries', async () => {
    const { service, request } = await withOneShare();
    service.start(request, lambdaContext({ requestId: 'first' }));
    await Promise.all(service.running);
    const later = await service.crowd(300);
    await (service.clock as unknown as SkippingClock).advance(20 * 60_000);
    service.start(request, lambdaContext({ requestId: 'second' }));
    await Promise.all(service.running);
    expect(new Set(heard(later))).toEqual(new Set([0]));
  });

  it('stops when another worker, whose clock may be ahead, has taken its share', async () => {
    let posts = 0;
    const { service, clients, request } = await withOneShare(async (call, apply) => {
      if (call.operation === 'POST' && ++posts === 40) {
        const key = { pk: 'DELIVERY#d', sk: 'SHARE#0000' };
        await service.table.update(key, { set: { worker: 'another' } }, { kind: 'always' });
      }
      return apply();
    });
    service.start(request);
    await Promise.all(service.running);
    const reached = heard(clients).filter((count) => count > 0).length;
    expect(reached).toBeGreaterThanOrEqual(40);
    expect(reached).toBeLessThan(120);
    expect(await service.service.report('d')).toMatchObject({ unfinished: 1 });
  });
});

describe('Ranges of a channel', () => {
  it.each([
    ['MEMBER#00#a', 1],
    ['MEMBER#10#a', 7],
    ['MEMBER#7f#a', 128],
    ['MEMBER#fe#a', 20],
    ['MEMBER#ff#a', 20],
  ])('after %s, split into at most %d, follow each other without a gap', (sortKey, count) => {
    const ranges = rangesAfter(sortKey, count);
    expect(ranges.length).toBeLessThanOrEqual(count);
    expect(ranges[0]?.after).toBe(sortKey);
    expect(ranges.at(-1)?.until).toBeUndefined();
    ranges.slice(1).forEach(({ after }, index) => {
      expect(ranges[index]?.until).toBe(after);
      expect(after > (ranges[index]?.after ?? '')).toBe(true);
    });
  });

  it('are estimated by the part of the hashes that is done', () => {
    expect(estimateAfter('MEMBER#7f#a', 1_000)).toBe(1_000);
    expect(estimateAfter('MEMBER#ff#a', 1_000)).toBe(0);
    expect(estimateAfter('MEMBER#00#a', 10)).toBe(2_550);
  });
});
