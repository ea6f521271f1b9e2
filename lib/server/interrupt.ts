/** Interrupts a loop in `read` when its invocation is running out of time, so that a new one continues. */
import { type Clock, sleep } from '../clock';

/** Time reserved for the handover: `onHandover`, two writes and an invocation. */
export const HANDOVER_RESERVE_MILLISECONDS = 8_000;
/** How long the loop has to end after the interrupt. */
const GRACE_MILLISECONDS = 2_000;
const INTERRUPTED_PAUSE_MILLISECONDS = 100;

/**
 * The loop is interrupted, because its invocation is running out of time. A new one continues. Let this error pass
 * through `server()`.
 */
export class HandoverInterrupt extends Error {}

export class Interrupt {
  #hasBegun = false;
  #overdue = () => {};
  #cancelGrace = () => {};
  /** Resolves some time after the interrupt, if the loop has ignored it. */
  readonly overdue = new Promise<void>((resolve) => {
    this.#overdue = resolve;
  });

  /** `at`, in milliseconds since the epoch, is when the loop is interrupted. */
  constructor(
    private readonly webSocketId: string,
    private readonly clock: Clock,
    private readonly at: number,
  ) {}

  /** Whether the loop has been interrupted, even if it ignored that. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** @throws HandoverInterrupt once it is time */
  async check(): Promise<void> {
    if (this.clock.now() < this.at) return;
    // A loop that catches everything and reads again must not starve other work.
    if (this.#hasBegun) await sleep(this.clock, INTERRUPTED_PAUSE_MILLISECONDS);
    else this.#cancelGrace = this.clock.after(GRACE_MILLISECONDS, this.#overdue);
    this.#hasBegun = true;
    throw new HandoverInterrupt(`server() of WebSocket ${this.webSocketId} continues in a new invocation.`);
  }

  /** The loop has ended. */
  rest(): void {
    this.#cancelGrace();
  }
}
