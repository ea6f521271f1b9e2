/**
 * Recent activity for the console: the latest events, counts for the last minutes, and totals of functions and
 * connections. It is always on, so it must be cheap: without a reader, events are only stored and counted.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import type { ConsoleEvent, Counted, NumberedEvent } from './console-event';
import { PostGroups } from './post-groups';
import { Seconds } from './seconds';

/** How many events are kept. */
export const REMEMBERED = 1_000;

/** The totals of a function in this run. */
export interface FunctionTotals {
  running: number;
  invocations: number;
  errors: number;
  cold: number;
  /** Durations of the latest invocations, in milliseconds. */
  durations: number[];
}

/** The frames of a connection. */
export interface ConnectionTotals {
  received: number;
  sent: number;
}

/** How many durations are kept, enough for a median. */
const DURATIONS = 50;

export class Activity {
  /** Different in each run. */
  readonly run = randomUUID();
  readonly startedAt: number;
  readonly seconds: Seconds;
  readonly posts = new PostGroups();
  readonly functions = new Map<string, FunctionTotals>();
  /** By the ids of open connections. */
  readonly connections = new Map<string, ConnectionTotals>();
  readonly #clock: Clock;
  readonly #ring: NumberedEvent[] = [];
  readonly #listeners = new Set<() => void>();
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.seconds = new Seconds(this.startedAt);
  }

  /** The number of the latest event. */
  get last(): number {
    return this.#last;
  }

  get running(): number {
    let running = 0;
    for (const totals of this.functions.values()) running += totals.running;
    return running;
  }

  add(event: ConsoleEvent, ...counted: Counted[]): void {
    const at = this.#clock.now();
    this.#last += 1;
    this.#ring[this.#last % REMEMBERED] = Object.assign(event, { n: this.#last, at });
    for (const name of counted) this.seconds.add(name, at);
    for (const listener of this.#listeners) listener();
  }

  /** Up to `most` of the newest events after a number, oldest first, and how many older ones were skipped. */
  after(number: number, most: number): { events: NumberedEvent[]; skipped: number } {
    const first = Math.max(number + 1, this.#last - Math.min(most, REMEMBERED) + 1);
    const events: NumberedEvent[] = [];
    for (let n = first; n <= this.#last; n += 1) events.push(this.#ring[n % REMEMBERED] as NumberedEvent);
    return { events, skipped: Math.max(0, first - number - 1) };
  }

  totalsOf(functionName: string): FunctionTotals {
    const known = this.functions.get(functionName);
    if (known) return known;
    const totals = { running: 0, invocations: 0, errors: 0, cold: 0, durations: [] };
    this.functions.set(functionName, totals);
    return totals;
  }

  /** Calls back after each event. Returns a function that ends this. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export function remember(durations: number[], millis: number): void {
  durations.push(millis);
  if (durations.length > DURATIONS) durations.shift();
}
