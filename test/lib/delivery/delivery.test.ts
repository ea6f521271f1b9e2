import type { Member } from '../../../lib/connections/connection-items';
import { type DeliveryOptions, deliver, MAX_MESSAGE_BYTES } from '../../../lib/delivery/delivery';
import { ConnectionsApiError, MessageTooLargeError } from '../../../lib/errors';
import { type Call, FakeGateway, type Intercept, ManualClock, SkippingClock } from '../../../lib/testing';

describe('deliver', () => {
  let clock: ManualClock;
  let intercept: Intercept;
  let gateway: FakeGateway;
  let settled: string[];
  let left: Set<string>;

  beforeEach(() => {
    clock = new SkippingClock();
    intercept = async (_call, apply) => apply();
    gateway = new FakeGateway(clock, (call, apply) => intercept(call, apply));
    settled = [];
    left = new Set();
  });

  /** An old connection by default, whose 410 proves that it is gone. */
  function member(webSocketId: string, options: { open?: boolean; ageMilliseconds?: number } = {}): Member {
    gateway.begin(webSocketId);
    if (options.open ?? true) gateway.open(webSocketId);
    return {
      ...{ webSocketId, callbackUrl: 'https://x/chat', service: 'chat', serverFunction: 'f', left: false },
      acceptedAt: clock.now() - (options.ageMilliseconds ?? 60_000),
    };
  }

  const members = (count: number) => Array.from({ length: count }, (_, n) => member(`m${n}`));

  const send = (
    to: AsyncIterable<Member> | Iterable<Member>,
    options: DeliveryOptions = {},
    data = 'hello',
  ) =>
    deliver(
      to,
      data,
      {
        connections: gateway,
        clock,
        random: () => 0.5,
        hasLeft: async ({ webSocketId }) => left.has(webSocketId),
        settle: async (gone) => {
          settled.push(...gone.map(({ webSocketId }) => webSocketId));
        },
      },
      options,
    );

  it('reaches everyone, and reports it', async () => {
    const to = members(120);
    expect(await send(to)).toEqual({
      ...{ sent: 120, gone: 0, pending: 0, failed: 0, throttled: 0, reasons: {} },
    });
    for (const { webSocketId } of to) expect(gateway.received(webSocketId)).toEqual(['hello']);
  });

  it('reaches nobody if there are no members', async () => {
    expect(await send([])).toMatchObject({ sent: 0, failed: 0 });
  });

  it('keeps at most the given number of posts in progress', async () => {
    clock = new ManualClock();
    let underWay = 0;
    let most = 0;
    intercept = async (_call, apply) => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      return apply();
    };
    await send(members(40), { concurrency: 7 });
    expect(most).toBe(7);
  });

  it('hands connections that are gone to the cleanup, and continues', async () => {
    const to = [member('gone', { open: false }), ...members(3)];
    expect(await send(to)).toMatchObject({ sent: 3, gone: 1 });
    expect(settled).toEqual(['gone']);
  });

  it('retries a connection that is still opening, and reaches it when it is open', async () => {
    const young = member('young', { open: false, ageMilliseconds: 100 });
    clock.after(1_000, () => gateway.open('young'));
    expect(await send([young])).toMatchObject({ sent: 1, pending: 0 });
  });

  it('does not clean up a young connection that stays unknown', async () => {
    const young = member('young', { open: false, ageMilliseconds: 20_000 });
    expect(await send([young])).toMatchObject({ pending: 1, gone: 0 });
    expect(settled).toEqual([]);
  });

  it('does not wait for a young connection that has left according to the table', async () => {
    const young = member('young', { open: false, ageMilliseconds: 20_000 });
    left.add('young');
    const begun = clock.now();
    expect(await send([young])).toMatchObject({ pending: 0, gone: 1 });
    expect(clock.now() - begun).toBe(50);
    expect(settled).toEqual([]);
  });

  it.each([429, 500, 503])('tries again after a status of %d', async (status) => {
    gateway.failNextPosts(status, status);
    const begun = clock.now();
    expect(await send(members(1))).toMatchObject({ sent: 1, failed: 0 });
    expect(clock.now() - begun).toBeGreaterThanOrEqual(150);
  });

  it('gives up after its budget, with the reason', async () => {
    gateway.failNextPosts(...Array.from({ length: 100 }, () => 429));
    const begun = clock.now();
    const report = await send(members(1), { budgetMilliseconds: 5_000 });
    expect(report).toMatchObject({ sent: 0, failed: 1 });
    expect(Object.keys(report.reasons)[0]).toContain('429');
    expect(clock.now() - begun).toBeLessThanOrEqual(5_000);
  });

  it('does not retry a permanent failure, and continues with the others', async () => {
    const calls: Call[] = [];
    intercept = async (call, apply) => {
      calls.push(call);
      if (call.subject === 'm1') throw new ConnectionsApiError('POST', 403, 'Forbidden');
      return apply();
    };
    expect(await send(members(5))).toMatchObject({ sent: 4, failed: 1 });
    expect(calls.filter(({ subject }) => subject === 'm1')).toHaveLength(1);
  });

  it('does not let hanging posts delay others, and does not repeat them, because they may have arrived', async () => {
    const begun = clock.now();
    const arrived: number[] = [];
    const calls: string[] = [];
    intercept = async (call, apply) => {
      calls.push(call.subject);
      if (Number(call.subject.slice(1)) < 4) return new Promise(() => {});
      arrived.push(clock.now() - begun);
      return apply();
    };
    const report = await send(members(20), {
      concurrency: 4,
      slowMilliseconds: 500,
      timeoutMilliseconds: 3_000,
    });
    expect(report).toMatchObject({ sent: 16, failed: 4 });
    expect(Object.keys(report.reasons)).toEqual(['@connections POST: no answer (within 3000 ms)']);
    expect(Math.max(...arrived)).toBeLessThanOrEqual(500);
    expect(calls).toHaveLength(20);
  });

  it('ends by its deadline', async () => {
    intercept = () => new Promise(() => {});
    const deadline = clock.now() + 1_000;
    expect(await send(members(3), { deadline })).toMatchObject({ failed: 3 });
    expect(clock.now()).toBeLessThanOrEqual(deadline);
  });

  it('starts posting before it has read all members', async () => {
    let sentWhenSecondPageWasRead = -1;
    async function* twoPages() {
      yield* members(2);
      await new Promise((resolve) => setImmediate(resolve));
      sentWhenSecondPageWasRead = gateway.received('m0').length;
      yield member('late');
    }
    await send(twoPages());
    expect(sentWhenSecondPageWasRead).toBe(1);
  });

  it('finishes what it has started, and then reports that reading the members failed', async () => {
    async function* broken() {
      yield* members(2);
      throw new Error('the table is away');
    }
    await expect(send(broken())).rejects.toThrow('the table is away');
    expect(gateway.received('m1')).toEqual(['hello']);
  });

  it('refuses data that the gateway would not accept, before it sends anything', async () => {
    const data = 'ä'.repeat(MAX_MESSAGE_BYTES / 2);
    expect(await send(members(1), {}, data)).toMatchObject({ sent: 1 });
    await expect(send(members(1), {}, `${data}x`)).rejects.toThrow(MessageTooLargeError);
    await expect(send(members(1), {}, `${data}x`)).rejects.toThrow(/131073 bytes .* at most 131072/);
  });
});
