/**
 * How long all members wait for clients that do not accept their posts. If no post has ended for a while and only a
 * few are left, these clients hang. If more are left, or if API Gateway has throttled one, the clients are not the
 * cause.
 */
import type { Clock } from '../../clock';

/** How long all members wait for the last few posts. */
const PATIENCE_MILLISECONDS = 1_000;
/** If more than every tenth is left, it is not they who are slow. */
const FEW = 0.1;

export interface PatienceOptions {
  clock: Clock;
  /** Milliseconds since the epoch: every post ends by then. */
  until: () => number;
  /** Whether the work waits only for these posts. @default true */
  isTheRest?: (posts: number) => boolean;
  /** How many there are, including those who wait for nothing. */
  everybody: () => number;
}

export class Patience {
  readonly #undecided = new Set<string>();
  readonly #throttled = new Set<string>();
  #restart = () => {};

  constructor(private readonly options: PatienceOptions) {}

  /** Those whose posts have not ended. */
  get left(): string[] {
    return [...this.#undecided];
  }

  begins(webSocketId: string): void {
    this.#undecided.add(webSocketId);
  }

  ends(webSocketId: string): void {
    this.#undecided.delete(webSocketId);
    this.#throttled.delete(webSocketId);
    this.#restart();
  }

  /** Its post begins or ceases to wait after a 429. */
  throttled(webSocketId: string, isWaiting: boolean): void {
    if (isWaiting) this.#throttled.add(webSocketId);
    else this.#throttled.delete(webSocketId);
    this.#restart();
  }

  /** The result of the work that does the posts, or `undefined` as soon as it waits only for clients that hang. */
  over<T>(work: Promise<T>): Promise<T | undefined> {
    const { clock, until } = this.options;
    return new Promise((resolve, reject) => {
      let cancel = () => {};
      this.#restart = () => {
        cancel();
        // The posts end by then, unless the process does.
        if (clock.now() >= until()) return;
        cancel = clock.after(PATIENCE_MILLISECONDS, () => {
          if (this.#areFewLeft()) resolve(undefined);
          else this.#restart();
        });
      };
      this.#restart();
      work.then(resolve, reject).finally(() => {
        this.#restart = () => {};
        cancel();
      });
    });
  }

  #areFewLeft(): boolean {
    const { everybody, isTheRest } = this.options;
    const left = this.#undecided.size;
    if (left === 0 || this.#throttled.size > 0 || isTheRest?.(left) === false) return false;
    return left <= Math.max(1, FEW * everybody());
  }
}
