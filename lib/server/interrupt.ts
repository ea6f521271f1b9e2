/** Interrupts a loop that reads when its invocation has no more time, so that a fresh one goes on. */
import { type Clock, sleep } from '../clock';

/** Kept back of an invocation for the handover: `onHandover`, two writes and an invocation. */
export const HANDOVER_RESERVE_MILLISECONDS = 8_000;
/** How long the loop has to come to its end once it is interrupted. */
const GRACE_MILLISECONDS = 2_000;
const INTERRUPTED_PAUSE_MILLISECONDS = 100;

/** The loop is interrupted, because its invocation has no more time: a fresh one goes on. Let it pass through `server()`. */
export class HandoverInterrupt extends Error {}

export class Interrupt {
  #hasBegun = false;
  #overdue = () => {};
  #cancelGrace = () => {};
  /** Resolves some time after the interrupt: the loop has not let it pass. */
  readonly overdue = new Promise<void>((resolve) => {
    this.#overdue = resolve;
  });

  /** `at`, in milliseconds since the epoch, is when the loop is interrupted. */
  constructor(
    private readonly webSocketId: string,
    private readonly clock: Clock,
    private readonly at: number,
  ) {}

  /** Whether the loop has been interrupted, whatever it made of that. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** @throws HandoverInterrupt once it is time */
  async check(): Promise<void> {
    if (this.clock.now() < this.at) return;
    // A loop that catches everything and reads on must leave others their turn.
    if (this.#hasBegun) await sleep(this.clock, INTERRUPTED_PAUSE_MILLISECONDS);
    else this.#cancelGrace = this.clock.after(GRACE_MILLISECONDS, this.#overdue);
    this.#hasBegun = true;
    throw new HandoverInterrupt(`server() of WebSocket ${this.webSocketId} goes on in a fresh invocation.`);
  }

  /** The loop has ended. */
  rest(): void {
    this.#cancelGrace();
  }
}
