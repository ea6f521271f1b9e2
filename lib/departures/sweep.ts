/**
 * Checks everyone of a service and cleans up departures that no event reported. Each member costs a table read and,
 * unless it is young, a request to API Gateway, so the rate is bounded. The next sweep begins where this one stops.
 */
import { sleep } from '../clock';
import type { MemberKey } from '../connections/connection-items';
import { isOpening } from '../connections/opening-window';
import { Slots } from '../delivery/slots';
import type { Service } from '../service';
import type { Settlement, SettlementOutcome } from './settlement';

/** A fiftieth of the default quota, which the management API shares with all other requests of the account. */
const LOOKS_PER_SECOND = 200;
const LOOKS_AT_A_TIME = 10;
/** Time reserved for the last cleanup. */
const RESERVE_MILLISECONDS = 10_000;

export type SweepReport = Record<SettlementOutcome | 'young' | 'failed', number> & {
  /** Whether it checked everyone. */
  complete: boolean;
};

export class Sweep {
  readonly #report: SweepReport = {
    ...{ open: 0, settled: 0, forgotten: 0, elsewhere: 0, pending: 0, young: 0, failed: 0 },
    complete: true,
  };

  constructor(
    private readonly service: Service,
    private readonly settlement: Settlement,
  ) {}

  async run(): Promise<SweepReport> {
    const { store, backend, name, deadline } = this.service;
    const slots = new Slots(LOOKS_AT_A_TIME);
    const begun = backend.clock.now();
    let looks = 0;
    const ages = { count: 0, sum: 0, greatest: 0 };
    let last: MemberKey | undefined;
    const cursor = await store.sweepCursor(name);
    for await (const anchor of store.anchors(name, cursor)) {
      const now = backend.clock.now();
      if (now + RESERVE_MILLISECONDS > deadline) {
        this.#report.complete = false;
        break;
      }
      last = anchor;
      const age = Math.max(0, now - anchor.acceptedAt) / 1_000;
      ages.count++;
      ages.sum += age;
      ages.greatest = Math.max(ages.greatest, age);
      if (isOpening(anchor.acceptedAt, now)) {
        this.#report.young++;
        continue;
      }
      await slots.take();
      void this.#look(anchor).finally(() => slots.release());
      const ahead = (++looks * 1_000) / LOOKS_PER_SECOND - (now - begun);
      if (ahead > 0) await sleep(backend.clock, ahead);
    }
    await slots.allReleased();
    const unfinished = this.#report.complete ? undefined : last;
    if (unfinished ?? cursor) await store.rememberSweep(name, unfinished);
    if (this.#report.complete && cursor === undefined) this.#noteConnections(ages);
    return this.#report;
  }

  /** Connections that this sweep cleaned up count in the ages only. */
  #noteConnections({ count, sum, greatest }: { count: number; sum: number; greatest: number }): void {
    const { settled, forgotten } = this.#report;
    this.service.backend.telemetry?.connected({
      service: this.service.name,
      connections: Math.max(0, count - settled - forgotten),
      averageAgeSeconds: count === 0 ? 0 : sum / count,
      oldestAgeSeconds: greatest,
    });
  }

  async #look(anchor: MemberKey): Promise<void> {
    try {
      this.#report[await this.settlement.suspected(anchor)]++;
    } catch (error) {
      this.#report.failed++;
      console.error(`WebSocket ${anchor.webSocketId} could not be checked: ${String(error)}`);
    }
  }
}
