/** The fault `half-open`: connections to clients that silently stop working. */
import type { Clock } from '../clock';
import type { Faults } from './faults';

/** A connection goes silent within this time after it opened. */
const SILENT_WITHIN_MILLIS = 10_000;

export interface Line {
  readonly connectionId: string;
  /** From now on, nothing arrives in either direction, and neither side is notified. */
  fallSilent(): void;
  /** Both sides are notified. */
  break(): void;
}

export class HalfOpenLines {
  readonly #faults: Faults;
  readonly #clock: Clock;
  readonly #lines = new Set<Line>();

  constructor(faults: Faults, clock: Clock) {
    this.#faults = faults;
    this.#clock = clock;
    faults.whenOff('half-open', () => {
      for (const line of this.#lines) line.break();
    });
  }

  opened(line: Line): void {
    if (!this.#faults.strikes('half-open', line.connectionId)) return;
    this.#lines.add(line);
    this.#clock.after(this.#faults.random('half-open') * SILENT_WITHIN_MILLIS, () => {
      if (this.#lines.has(line) && this.#faults.isOn('half-open')) line.fallSilent();
    });
  }

  closed(line: Line): void {
    this.#lines.delete(line);
  }
}
