/** A bounded number of slots. If none is free, callers wait in order. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #idle: (() => void)[] = [];

  constructor(private readonly size: number) {
    this.#free = size;
  }

  /** Resolves when the caller has a slot. If one is free there is no promise: a delivery takes thousands. */
  take(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Like `take`. The returned function releases the slot the first time it is called. */
  async takeOnce(): Promise<() => void> {
    await this.take();
    let taken = true;
    return () => {
      if (taken) this.release();
      taken = false;
    };
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next) {
      next();
      return;
    }
    this.#free++;
    if (this.#free === this.size) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when every slot is free. */
  async allReleased(): Promise<void> {
    if (this.#free < this.size) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
