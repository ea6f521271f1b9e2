/** Clocks for tests: one that stands still until it is advanced, and one that skips every wait. */
import type { Clock } from '../clock';

/** Stands still until it is advanced. */
export class ManualClock implements Clock {
  #now: number;
  #alarms: { at: number; callback: () => void }[] = [];

  constructor(now = Date.UTC(2026, 10, 30, 9, 15)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const alarm = { at: this.#now + Math.max(0, milliseconds), callback };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /** The times of the pending alarms, earliest first. */
  get alarms(): number[] {
    return this.#alarms.map(({ at }) => at).sort((a, b) => a - b);
  }

  /** The time of the next alarm, if any. */
  get nextAlarm(): number | undefined {
    return this.alarms[0];
  }

  /**
   * Advances the time and rings the alarms on the way, in order. Everything that an alarm starts runs before the next
   * alarm.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await this.settled();
    for (;;) {
      const at = this.nextAlarm;
      if (at === undefined || at > end) break;
      const alarm = this.#alarms.find((other) => other.at === at);
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
      this.#now = Math.max(this.#now, at);
      alarm?.callback();
      await this.settled();
    }
    this.#now = end;
  }

  /** Resolves when every promise that could continue has done so. */
  protected settled(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

/** Skips to the next alarm when nothing else can run. Waits take no time and keep their order. */
export class SkippingClock extends ManualClock {
  #skipping = false;

  override after(milliseconds: number, callback: () => void): () => void {
    const cancel = super.after(milliseconds, callback);
    if (!this.#skipping) {
      this.#skipping = true;
      void this.#skip();
    }
    return cancel;
  }

  async #skip(): Promise<void> {
    for (;;) {
      await this.settled();
      const next = this.nextAlarm;
      if (next === undefined) break;
      await this.advance(Math.max(0, next - this.now()));
    }
    this.#skipping = false;
  }
}
