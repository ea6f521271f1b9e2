/** A clock for simulations of minutes with thousands of timers: it moves to the next millisecond with work when nothing else can run. */
import type { Clock } from '../lib/clock';

interface Timer {
  callback: (() => void) | undefined;
}

export class SimulatedClock implements Clock {
  #now: number;
  readonly #timers = new Map<number, Timer[]>();

  constructor(now = Date.UTC(2026, 10, 30)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const at = this.#now + Math.max(1, Math.ceil(milliseconds));
    const timer: Timer = { callback };
    const due = this.#timers.get(at);
    if (due) due.push(timer);
    else this.#timers.set(at, [timer]);
    return () => {
      timer.callback = undefined;
    };
  }

  /** Runs until the work is done. @throws Error if it waits for something that never happens */
  async run<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = work.finally(() => {
      isOver = true;
    });
    over.catch(() => {});
    for (await settled(); !isOver; await settled()) {
      if (this.#timers.size === 0) throw new Error('The simulation waits for nothing.');
      // Slots of canceled timers are cheap, and there is one for nearly every millisecond.
      while (!this.#timers.has(this.#now)) this.#now++;
      const due = this.#timers.get(this.#now) ?? [];
      this.#timers.delete(this.#now);
      for (const { callback } of due) callback?.();
    }
    return over;
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
