/** How far a delivery in order of the rows has come: everyone up to a row is decided, whatever is still under way behind it. */
import { type Count, countIn, type DeliveryReport, emptyReport } from '../delivery/delivery-report';
import type { ShareProgress } from './shares';

interface Undecided {
  sk: string;
  count?: Count;
  reason?: string | undefined;
}

export class Progress {
  #after: string;
  readonly #report: DeliveryReport;
  /** In the order of the rows. */
  readonly #waiting: Undecided[] = [];
  readonly #byId = new Map<string, Undecided>();

  constructor({ after, report }: ShareProgress) {
    this.#after = after;
    this.#report = { ...emptyReport(), ...report, reasons: { ...report.reasons } };
  }

  begin(webSocketId: string, sk: string): void {
    const undecided: Undecided = { sk };
    this.#waiting.push(undecided);
    this.#byId.set(webSocketId, undecided);
  }

  decide(webSocketId: string, count: Count, reason?: string): void {
    const undecided = this.#byId.get(webSocketId);
    if (!undecided) return;
    this.#byId.delete(webSocketId);
    undecided.count = count;
    undecided.reason = reason;
    for (let [next] = this.#waiting; next?.count; [next] = this.#waiting) {
      countIn(this.#report, next.count, next.reason);
      this.#after = next.sk;
      this.#waiting.shift();
    }
  }

  get soFar(): ShareProgress {
    return { after: this.#after, report: { ...this.#report, reasons: { ...this.#report.reasons } } };
  }
}
