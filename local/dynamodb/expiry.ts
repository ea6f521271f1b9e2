/** DynamoDB's time to live: deletes expired items, by the runtime's clock. */
import type { Alarm, Clock } from '../clock';
import type { Log } from '../log';

export class Expiry {
  readonly #sweep: () => number | Promise<number>;
  readonly #clock: Clock;
  readonly #intervalMillis: number;
  readonly #log: Log;
  #alarm: Alarm | undefined;
  #isStopped = false;

  /** `sweep` deletes expired items in every table, and returns their number. */
  constructor(options: {
    sweep(): number | Promise<number>;
    intervalMillis: number;
    clock: Clock;
    log: Log;
  }) {
    this.#sweep = options.sweep;
    this.#clock = options.clock;
    this.#intervalMillis = options.intervalMillis;
    this.#log = options.log;
  }

  start(): void {
    this.#alarm = this.#clock.after(this.#intervalMillis, () => {
      this.sweep()
        .catch((error: unknown) => {
          if (!this.#isStopped) this.#log.warn(`Expired items could not be deleted: ${String(error)}`);
        })
        .finally(() => {
          if (!this.#isStopped) this.start();
        });
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#alarm?.cancel();
  }

  async sweep(): Promise<number> {
    return await this.#sweep();
  }
}
