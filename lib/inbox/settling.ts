/**
 * How long a message is left in the inbox, so that one that was sent before it, and whose handler is slower, comes first. API Gateway
 * numbers no messages and runs the handlers of one client side by side, so that order is a matter of waiting long enough: for
 * as long as a function may take to start where messages follow each other, for a moment where one comes alone.
 */
import type { InboxMessage } from './inbox';

/** What warm handlers overtake each other by. */
const MOMENT_MILLISECONDS = 100;
/** A message that comes so long after the one before it is alone: nothing that was sent before can still be under way. */
const ALONE_MILLISECONDS = 2_000;
/** What an environment takes to start, at least, as far as anybody can know beforehand. */
const START_MILLISECONDS = 1_000;
/** Whatever is measured, nothing waits longer. */
const LONGEST_MILLISECONDS = 5_000;
/** How much slower than what has been measured another handler may be. */
const FACTOR = 2;
/** The slowest handler of a stream is remembered for so long, at least, and for twice as long at most. */
const TURN_MILLISECONDS = 5_000;

type Timed = Pick<InboxMessage, 'sentAt' | 'delay'>;

export class Settling {
  /** What an environment is expected to take to start. */
  readonly #startMilliseconds: number;
  /** The stamp of the last message that was given out, and of the first of those that have followed each other since. */
  #last: number;
  #streamFrom: number;
  /** How long the slowest handler took to store its message, in this turn and in the one before. */
  #slowest = 0;
  #slowestBefore = 0;
  #turnEndsAt = 0;

  /** `now` is when the reader begins: the socket may just have opened. `ownStartMilliseconds`: what the reader's own environment took to start. */
  constructor(now: number, ownStartMilliseconds = 0) {
    this.#startMilliseconds = Math.max(START_MILLISECONDS, FACTOR * ownStartMilliseconds);
    this.#last = now;
    this.#streamFrom = now;
  }

  /** Milliseconds after its stamp for which this message is left. */
  of({ sentAt, delay }: Timed): number {
    const isAlone = sentAt - this.#last > ALONE_MILLISECONDS;
    const slowest = isAlone ? delay : Math.max(delay, this.#slowest, this.#slowestBefore);
    // Where a stream begins more handlers run at a time than before, and environments start for them.
    const isBeginning = !isAlone && sentAt - this.#streamFrom <= FACTOR * this.#startMilliseconds;
    const least = isBeginning ? this.#startMilliseconds : MOMENT_MILLISECONDS;
    return Math.min(Math.max(least, FACTOR * slowest), LONGEST_MILLISECONDS);
  }

  /** The message has been given out. */
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
