/** A short wait before a more expensive action. */
import type { Alarm, Clock } from '../../clock';

export class Patience {
  readonly #clock: Clock;
  readonly #millis: number;
  readonly #onOver: () => void;
  #alarm: Alarm | undefined;
  #isOver = false;

  /** Calls `onOver` when a wait has lasted this long. */
  constructor(clock: Clock, millis: number, onOver: () => void) {
    this.#clock = clock;
    this.#millis = millis;
    this.#onOver = onOver;
  }

  /** True only while `onOver` runs. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Does nothing if the wait has already begun. */
  begin(): void {
    this.#alarm ??= this.#clock.after(this.#millis, () => {
      this.#alarm = undefined;
      this.#isOver = true;
      this.#onOver();
      this.#isOver = false;
    });
  }

  end(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }
}
