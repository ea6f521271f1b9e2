/**
 * How long a message stays in the inbox, so that an earlier message with a slower handler goes first. API Gateway
 * does not number messages, and runs one client's handlers side by side. So order means waiting long enough: as long
 * as a cold start while messages follow each other, a moment for a single message.
 */
import type { InboxMessage } from './inbox';

/** By how much warm handlers overtake each other. */
const MOMENT_MILLISECONDS = 100;
/**
 * A message that arrives this long after the previous one is alone. Nothing that was sent earlier can still be under
 * way.
 */
const ALONE_MILLISECONDS = 2_000;
/** The least that an environment is expected to take to start. */
const START_MILLISECONDS = 1_000;
/** No message waits longer, whatever was measured. */
const LONGEST_MILLISECONDS = 5_000;
/** How much slower than the measured one another handler may be. */
const FACTOR = 2;
/** The slowest handler of a stream is remembered for at least this long, and at most twice as long. */
const TURN_MILLISECONDS = 5_000;

type Timed = Pick<InboxMessage, 'sentAt' | 'delay'>;

export class Settling {
  /** The expected start time of an environment. */
  readonly #startMilliseconds: number;
  /** The timestamps of the last message that was delivered, and of the first message of the current stream. */
  #last: number;
  #streamFrom: number;
  /** How long the slowest handler took to store its message, in this period and in the one before. */
  #slowest = 0;
  #slowestBefore = 0;
  #turnEndsAt = 0;

  /**
   * `now` is when the reader begins; the socket may just have opened. `ownStartMilliseconds` is what the reader's own
   * environment took to start.
   */
  constructor(now: number, ownStartMilliseconds = 0) {
    this.#startMilliseconds = Math.max(START_MILLISECONDS, FACTOR * ownStartMilliseconds);
    this.#last = now;
    this.#streamFrom = now;
  }

  /** How many milliseconds after its timestamp this message stays in the inbox. */
  of({ sentAt, delay }: Timed): number {
    const isAlone = sentAt - this.#last > ALONE_MILLISECONDS;
    const slowest = isAlone ? delay : Math.max(delay, this.#slowest, this.#slowestBefore);
    // At the beginning of a stream, more handlers run at a time than before, so new environments start.
    const isBeginning = !isAlone && sentAt - this.#streamFrom <= FACTOR * this.#startMilliseconds;
    const least = isBeginning ? this.#startMilliseconds : MOMENT_MILLISECONDS;
    return Math.min(Math.max(least, FACTOR * slowest), LONGEST_MILLISECONDS);
  }

  /** The message has been delivered. */
  given({ sentAt, delay }: Timed, now: number): void {
    if (sentAt - this.#last > ALONE_MILLISECONDS) this.#streamFrom = sentAt;
    this.#last = Math.max(this.#last, sentAt);
    if (now >= this.#turnEndsAt) {
      this.#slowestBefore = now < this.#turnEndsAt + TURN_MILLISECONDS ? this.#slowest : 0;
      this.#slowest = 0;
      this.#turnEndsAt = now + TURN_MILLISECONDS;
    }
    this.#slowest = Math.max(this.#slowest, delay);
  }
}
