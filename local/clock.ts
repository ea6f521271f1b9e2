/**
 * The runtime's only source of time. Idle limits, retries, timeouts and expiry all use it, so that tests can advance
 * it by hand.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once after `milliseconds`, unless cancelled. Never keeps the process alive. */
  after(milliseconds: number, callback: () => void): Alarm;
}

export interface Alarm {
  cancel(): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, callback) => new Timer(milliseconds, callback),
};

class Timer implements Alarm {
  readonly #timeout: NodeJS.Timeout;

  constructor(milliseconds: number, callback: () => void) {
    this.#timeout = setTimeout(callback, milliseconds).unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

/**
 * A clock that runs `scale` times as fast as another one, from now on. Never mix the times of two clocks: functions,
 * and whatever waits for them, use the other one.
 */
export function fasterClock(clock: Clock, scale: number): Clock {
  if (scale === 1) return clock;
  const startedAt = clock.now();
  return {
    now: () => startedAt + (clock.now() - startedAt) * scale,
    after: (milliseconds, callback) => clock.after(milliseconds / scale, callback),
  };
}

/** A clock whose time changes only when it is advanced. */
export class ManualClock implements Clock {
  #now: number;
  #alarms: { at: number; callback: () => void }[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): Alarm {
    const alarm = { at: this.#now + Math.max(0, milliseconds), callback };
    this.#alarms.push(alarm);
    return {
      cancel: () => {
        this.#alarms = this.#alarms.filter((other) => other !== alarm);
      },
    };
  }

  /** Advances the time, and calls every alarm that is due, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = this.#alarms.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#alarms = this.#alarms.filter((alarm) => alarm !== next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = end;
  }
}
