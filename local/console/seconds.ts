/** Counts for each second of the last minutes, for charts. */
import { COUNTED, type Counted } from './console-event';

/** Five minutes. */
export const KEPT_SECONDS = 300;

/** The counts of several seconds: a list for each counted thing, oldest second first. */
export type Series = Record<Counted, number[]>;

export class Seconds {
  readonly #counts = Object.fromEntries(
    COUNTED.map((name) => [name, new Array<number>(KEPT_SECONDS).fill(0)]),
  ) as Series;
  /** The latest second, since the epoch. */
  #second: number;

  constructor(now: number) {
    this.#second = secondOf(now);
  }

  add(name: Counted, now: number): void {
    this.#goTo(secondOf(now));
    const at = this.#second % KEPT_SECONDS;
    this.#counts[name][at] = (this.#counts[name][at] ?? 0) + 1;
  }

  /** The latest complete seconds before `now`. */
  last(count: number, now: number): { until: number; series: Series } {
    this.#goTo(secondOf(now));
    const until = this.#second - 1;
    const places = Array.from({ length: count }, (_, index) => (until - count + 1 + index) % KEPT_SECONDS);
    const series = Object.fromEntries(
      COUNTED.map((name) => [name, places.map((place) => this.#counts[name][place] ?? 0)]),
    ) as Series;
    return { until, series };
  }

  /** The counts of the current second. */
  current(now: number): Record<Counted, number> {
    this.#goTo(secondOf(now));
    const at = this.#second % KEPT_SECONDS;
    return Object.fromEntries(COUNTED.map((name) => [name, this.#counts[name][at] ?? 0])) as Record<
      Counted,
      number
    >;
  }

  /** After the clock was set back, counts are added to the latest second. */
  #goTo(second: number): void {
    if (second - this.#second >= KEPT_SECONDS) {
      for (const name of COUNTED) this.#counts[name].fill(0);
      this.#second = second;
    }
    while (this.#second < second) {
      this.#second += 1;
      for (const name of COUNTED) this.#counts[name][this.#second % KEPT_SECONDS] = 0;
    }
  }
}

function secondOf(now: number): number {
  return Math.floor(now / 1_000);
}
