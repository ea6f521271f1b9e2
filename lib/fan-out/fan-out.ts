/**
 * Delivers to a channel of any size. The caller posts to the first members by itself. If there are more, invocations of the service's
 * function (workers) take shares of the rest at the same time. Each gets an equal part of the rate.
 */
import { type Clock, sleep } from '../clock';
import type { DeliveryOptions } from '../delivery/delivery';
import { type DeliveryReport, membersIn as decidedIn } from '../delivery/delivery-report';
import { ACCOUNT_RATE } from '../delivery/pace';
import type { ServiceContext } from '../service-context';
import { estimateAfter, membersIn, type RangeMember, rangesAfter, type Share, ShareStore } from './shares';

export interface FanOutOptions extends DeliveryOptions {
  /** How many members the caller posts to before it invokes workers. @default 2,000 */
  inlineMembers?: number;
  /** How many members each worker gets. @default 2,000 */
  workerMembers?: number;
  /** @default 20 */
  maxWorkers?: number;
  /** How long the caller waits for the workers after its own posts. Then it returns a report with `unfinished` workers. @default 20,000 */
  waitMilliseconds?: number;
}

export interface PublishOptions extends FanOutOptions {
  /** WebSocket ids to leave out. @default none */
  except?: string | string[];
}

export interface Audience {
  /** @default everyone in the service */
  channel?: string;
  except: string[];
}

const LOOK_MILLISECONDS = 250;

export class FanOut {
  readonly #store: ShareStore;
  readonly #clock: Clock;

  constructor(private readonly service: ServiceContext) {
    this.#clock = service.backend.clock;
    this.#store = new ShareStore(service.backend.table, this.#clock);
  }

  async run({ channel, except }: Audience, data: string, options: FanOutOptions): Promise<DeliveryReport> {
    const { inlineMembers = 2_000, waitMilliseconds = 20_000 } = options;
    const id = this.service.backend.token();
    const begunAt = this.#clock.now();
    let shares: Share[] = [];
    const passed = new Set(except);
    let last: RangeMember | undefined;
    let count = 0;
    const split = async (from: RangeMember) => {
      shares = this.#sharesAfter(from, count, { id, channel, except, data, options });
      await this.#store.begin(id, begunAt);
      await this.#ask(shares, from.serverFunction);
    };
    const audience = { ...(channel !== undefined && { channel }) };
    // With this page size, one query is enough if no workers are needed, and few rows are read twice if they are.
    const members = membersIn(this.service.backend.table, this.service.name, audience, inlineMembers + 1);
    async function* own() {
      for await (const member of members) {
        if (last && count >= inlineMembers) return split(last);
        last = member;
        count++;
        if (!passed.has(member.webSocketId)) yield member;
      }
    }
    const counts = await this.service.deliverTo(own(), data, options);
    if (shares.length > 0) await this.#store.finishCaller(id, counts);
    const whole = shares.length > 0 ? await this.#whenFinished(id, waitMilliseconds) : undefined;
    const seconds = (this.#clock.now() - begunAt) / 1_000;
    const alone = { id, members: decidedIn(counts), ...counts, workers: 0, unfinished: 0, seconds };
    const report = whole ?? alone;
    this.service.note({ channel, counts, report });
    return report;
  }

  #sharesAfter(
    { sk }: RangeMember,
    count: number,
    {
      id: delivery,
      channel,
      except,
      data,
      options,
    }: { id: string; channel: string | undefined; except: string[]; data: string; options: FanOutOptions },
  ): Share[] {
    const { workerMembers = 2_000, maxWorkers = 20, rate = ACCOUNT_RATE } = options;
    const workers = Math.ceil(estimateAfter(sk, count) / workerMembers);
    const ranges = rangesAfter(sk, Math.min(maxWorkers, Math.max(1, workers)));
    const { concurrency, slowMilliseconds, timeoutMilliseconds } = options;
    return ranges.map((range, number) => ({
      ...{ delivery, number, turn: 0, except, data, ...range },
      ...(channel !== undefined && { channel }),
      options: {
        ...(concurrency !== undefined && { concurrency }),
        ...(slowMilliseconds !== undefined && { slowMilliseconds }),
        ...(timeoutMilliseconds !== undefined && { timeoutMilliseconds }),
        rate: { perSecond: rate.perSecond / (ranges.length + 1), burst: rate.burst / (ranges.length + 1) },
      },
    }));
  }

  /** Stores each share before a worker is invoked for it. */
  async #ask(shares: Share[], serverFunction: string): Promise<void> {
    await Promise.all(
      shares.map(async (share) => {
        await this.#store.add(share);
        await this.service.backend.invoker.invoke(serverFunction, { type: 'deliver', share });
      }),
    );
  }

  /** The report once all workers have finished, or when time runs out. */
  async #whenFinished(id: string, milliseconds: number): Promise<DeliveryReport | undefined> {
    const end = Math.min(this.#clock.now() + milliseconds, this.service.deadline - LOOK_MILLISECONDS);
    for (;;) {
      const report = await this.#store.report(id);
      if (!report || report.unfinished === 0 || this.#clock.now() >= end) return report;
      await sleep(this.#clock, LOOK_MILLISECONDS);
    }
  }
}
