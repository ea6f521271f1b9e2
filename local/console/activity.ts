/**
 * What has happened lately, for the console: the last happenings, counts of the last minutes, and totals of functions and
 * connections. It is always on, so it costs little: what nobody looks at is only remembered and counted.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import type { Counted, Happening, Numbered } from './happening';
import { PostGroups } from './post-groups';
import { Seconds } from './seconds';

/** How many happenings are remembered. */
export const REMEMBERED = 1_000;

/** What a function has done in this run. */
export interface FunctionTotals {
  running: number;
  invocations: number;
  errors: number;
  cold: number;
  /** Of the last invocations, in milliseconds. */
  durations: number[];
}

/** Frames of a connection in this run. */
export interface ConnectionTotals {
  received: number;
  sent: number;
}

/** Enough for a median. */
const DURATIONS = 50;

export class Activity {
  /** Different in each run. */
  readonly run = randomUUID();
  readonly startedAt: number;
  readonly seconds: Seconds;
  readonly posts = new PostGroups();
  readonly functions = new Map<string, FunctionTotals>();
  /** Of open connections, by their ids. */
  readonly connections = new Map<string, ConnectionTotals>();
  readonly #clock: Clock;
  readonly #ring: Numbered[] = [];
  readonly #listeners = new Set<() => void>();
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.seconds = new Seconds(this.startedAt);
  }

  /** The number of the last happening. */
  get last(): number {
    return this.#last;
  }

  get running(): number {
    let running = 0;
    for (const totals of this.functions.values()) running += totals.running;
    return running;
  }

  add(happening: Happening, ...counted: Counted[]): void {
    const at = this.#clock.now();
    this.#last += 1;
    this.#ring[this.#last % REMEMBERED] = Object.assign(happening, { n: this.#last, at });
    for (const name of counted) this.seconds.add(name, at);
    for (const listener of this.#listeners) listener();
  }

  /** The newest happenings after a number, `most` of them at the most, the oldest first, and how many more there were. */
  after(number: number, most: number): { happenings: Numbered[]; skipped: number } {
    const first = Math.max(number + 1, this.#last - Math.min(most, REMEMBERED) + 1);
    const happenings: Numbered[] = [];
    for (let n = first; n <= this.#last; n += 1) happenings.push(this.#ring[n % REMEMBERED] as Numbered);
    return { happenings, skipped: Math.max(0, first - number - 1) };
  }

  totalsOf(functionName: string): FunctionTotals {
    const known = this.functions.get(functionName);
    if (known) return known;
    const totals = { running: 0, invocations: 0, errors: 0, cold: 0, durations: [] };
    this.functions.set(functionName, totals);
    return totals;
  }

  /** Calls back after each happening. Returns what ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export function remember(durations: number[], millis: number): void {
  durations.push(millis);
  if (durations.length > DURATIONS) durations.shift();
}
