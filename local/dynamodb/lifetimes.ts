/** When items expire if the runtime's clock is faster than that of the programs that write the times. */
import type { Clock } from '../clock';

export class Lifetimes {
  readonly #clock: Clock;
  readonly #appTime: Clock;
  /** When each item expires on the faster clock. Computed once, when a sweep first sees the item with that time. */
  #ends = new Map<string, number>();
  /** Those of the items that this sweep has seen. */
  #seen = new Map<string, number>();

  constructor(clock: Clock, appTime: Clock) {
    this.#clock = clock;
    this.#appTime = appTime;
  }

  /** @param seconds since the epoch, as the item has them */
  isOver(tableName: string, position: string, seconds: number): boolean {
    const key = `${seconds} ${tableName} ${position}`;
    const now = this.#appTime.now();
    const end = this.#ends.get(key) ?? now + seconds * 1000 - this.#clock.now();
    this.#seen.set(key, end);
    return end < now;
  }

  /** Forgets items that no longer exist. */
  sweepEnded(): void {
    this.#ends = this.#seen;
    this.#seen = new Map();
  }
}
