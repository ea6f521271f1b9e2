import { SimulatedClock } from '../../../bench/simulated-clock';
import type { Clock } from '../../../lib/clock';
import type { Member } from '../../../lib/connections/connection-items';
import { type DeliveryOptions, deliver } from '../../../lib/delivery/delivery';
import { ACCOUNT_RATE, Pace, type Rate } from '../../../lib/delivery/pace';
import { ConnectionsApiError } from '../../../lib/errors';
import type { ConnectionsClient } from '../../../lib/management-api/connections-client';
import { ManualClock } from '../../../lib/testing';

/** A gateway that responds only with 200 or 429, by a token bucket. */
class ThrottledGateway implements Partial<ConnectionsClient> {
  posts = 0;
  refused = 0;
  #tokens: number;
  #countedAt: number;

  constructor(
    private readonly clock: Clock,
    private readonly rate: Rate,
    private readonly roundTripMilliseconds: number,
  ) {
    this.#tokens = rate.burst;
    this.#countedAt = clock.now();
  }

  async post(): Promise<'sent'> {
    await this.#travel();
    this.posts++;
    const now = this.clock.now();
    const gained = ((now - this.#countedAt) * this.rate.perSecond) / 1_000;
    this.#tokens = Math.min(this.rate.burst, this.#tokens + gained);
    this.#countedAt = now;
    const isTaken = this.#tokens >= 1;
    if (isTaken) this.#tokens--;
    else this.refused++;
    await this.#travel();
    if (!isTaken) throw new ConnectionsApiError('POST', 429, 'LimitExceededException');
    return 'sent';
  }

  #travel(): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(this.roundTripMilliseconds / 2, resolve);
    });
  }
}

describe('a delivery to 5,000 through a gateway that takes 1,000 posts a second and 500 at once', () => {
  const COUNT = 5_000;
  const RATE: Rate = { perSecond: 1_000, burst: 500 };
  const FLOOR_MILLISECONDS = (1_000 * (COUNT - RATE.burst)) / RATE.perSecond;

  async function delivered(options: DeliveryOptions, roundTripMilliseconds: number) {
    const clock = new SimulatedClock();
    const gateway = new ThrottledGateway(clock, RATE, roundTripMilliseconds);
    const members = Array.from(
      { length: COUNT },
      (_, n) => ({ webSocketId: `m${n}`, acceptedAt: 0 }) as Member,
    );
    const begun = clock.now();
    const report = await clock.run(
      deliver(
        members,
        'hello',
        {
          ...{ connections: gateway as unknown as ConnectionsClient, clock, random: () => 0.5 },
          ...{ settle: async () => {}, hasLeft: async () => false },
        },
        options,
      ),
    );
    return { report, gateway, milliseconds: clock.now() - begun };
  }

  it.each([
    ['the rate is known, and a post takes 4 ms', 4, { rate: RATE }, 0],
    ['the rate is not known, and a post takes 4 ms', 4, {}, 0.02],
    ['the rate is not known, and a post takes 40 ms', 40, {}, 0.02],
  ])(
    'takes hardly longer than it must, and wastes few posts, if %s',
    async (_, roundTrip, options, waste) => {
      const { report, gateway, milliseconds } = await delivered(options, roundTrip);
      expect(report).toMatchObject({ sent: COUNT, failed: 0 });
      expect(milliseconds).toBeLessThan(1.05 * FLOOR_MILLISECONDS);
      expect(gateway.refused).toBeLessThanOrEqual(waste * COUNT);
      expect(report.throttled).toBe(gateway.refused);
    },
  );
});

describe('Pace', () => {
  let clock: ManualClock;
  let pace: Pace;
  beforeEach(() => {
    clock = new ManualClock();
    pace = new Pace(clock, { perSecond: 100, burst: 3 });
  });

  const goNow = (count: number) => Array.from({ length: count }, () => pace.takeNow()).filter(Boolean).length;
  const refuse = (times = 3) => {
    for (let count = 0; count < times; count++) pace.refused(clock.now());
  };

  it('allows a burst immediately, and then posts evenly at the rate', async () => {
    expect(goNow(4)).toBe(3);
    await clock.advance(10);
    expect(goNow(2)).toBe(1);
    await clock.advance(60_000);
    expect(goNow(4)).toBe(3);
  });

  it('keeps the order of waiting posts', async () => {
    goNow(3);
    const order: string[] = [];
    for (const name of ['first', 'second']) void pace.take().then(() => order.push(name));
    await clock.advance(10);
    expect(order).toEqual(['first']);
    await clock.advance(10);
    expect(order).toEqual(['first', 'second']);
  });

  it('does not slow down for a few clients that do not read', () => {
    for (let count = 0; count < 1_000; count++) {
      if (count % 40 === 0) refuse(1);
      else pace.accepted();
    }
    expect(pace.perSecond).toBe(100);
  });

  it('counts the 429s of concurrent posts once', () => {
    pace = new Pace(clock, ACCOUNT_RATE);
    refuse();
    const { perSecond } = pace;
    refuse(20);
    expect(pace.perSecond).toBe(perSecond);
  });

  it('keeps to the rate that succeeded between two episodes of 429s', async () => {
    pace = new Pace(clock, ACCOUNT_RATE);
    refuse();
    await clock.advance(1_000);
    for (let count = 0; count < 500; count++) pace.accepted();
    refuse();
    expect(pace.perSecond).toBe(0.98 * 500);
  });

  it('never stops completely', async () => {
    refuse();
    await clock.advance(60_000);
    refuse();
    expect(pace.perSecond).toBe(1);
  });
});
