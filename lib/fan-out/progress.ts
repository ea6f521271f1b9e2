/**
 * The progress of a delivery in the order of the rows: every member up to a row has an outcome. Members after it may
 * have one, too.
 */
import { type Count, countIn, type DeliveryCounts, emptyCounts } from '../delivery/delivery-report';
import type { ShareProgress } from './shares';

interface Undecided {
  sk: string;
  count?: Count;
  reason?: string | undefined;
}

export class Progress {
  #after: string;
  readonly #counts: DeliveryCounts;
  /** In the order of the rows. */
  readonly #waiting: Undecided[] = [];
  readonly #byId = new Map<string, Undecided>();

  constructor({ after, counts }: ShareProgress) {
    this.#after = after;
    this.#counts = { ...emptyCounts(), ...counts, reasons: { ...counts.reasons } };
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
      countIn(this.#counts, next.count, next.reason);
      this.#after = next.sk;
      this.#waiting.shift();
    }
  }

  /** Posts that were refused with 429, whatever their members' outcomes. */
  addThrottled(posts: number): void {
    this.#counts.throttled += posts;
  }

  get soFar(): ShareProgress {
    return { after: this.#after, counts: { ...this.#counts, reasons: { ...this.#counts.reasons } } };
  }
}
