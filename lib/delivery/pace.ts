/**
 * How fast posts may follow each other: a token bucket with the account's rate, which adapts when API Gateway
 * throttles.
 *
 * The bucket starts with AWS's defaults. The real rate may be lower, because of a quota, the account's other
 * functions or a stage's throttle. At a 429, API Gateway's own bucket is empty. So the number of posts accepted
 * between two 429s, divided by the time between them, is its rate. After the first 429, the pace starts slowly and
 * doubles until the second one. From then on it keeps to the measured rate, and grows a little over time to find out
 * whether there is more. A single 429 changes nothing, because API Gateway also answers so for one client that does
 * not read.
 */
import { type Clock, sleep } from '../clock';

export interface Rate {
  /** Posts a second. */
  perSecond: number;
  /** Posts that may be sent at once before `perSecond` applies. */
  burst: number;
}

/** Source: "Amazon API Gateway quotas", throttle quota for each account and Region. */
export const ACCOUNT_RATE: Rate = { perSecond: 10_000, burst: 5_000 };

const LOWEST_PER_SECOND = 1;
/** Where the search for an unknown rate starts, and how fast it doubles. */
const SEARCH_PER_SECOND = 100;
const DOUBLED_IN_SECONDS = 0.05;
/** A measured rate is used with a small margin, and grows by this share each second. */
const CAUTION = 0.98;
const GROWTH_PER_SECOND = 0.01;
/** How many milliseconds of unused rate are saved up once the rate is known. */
const SAVED_SECONDS = 0.01;
/** After a 429, nothing is sent until API Gateway has had time for this many posts. */
const REFILL_POSTS = 3;

/** This many 429s among this many posts come from the account's limit, not from a few slow clients. */
const TELLING_REFUSALS = 3;
const WATCHED_POSTS = 50;

type Phase = 'quota' | 'search' | 'measured';

export class Pace {
  #perSecond: number;
  #tokens: number;
  #countedAt: number;
  #phase: Phase = 'quota';
  /** When the last 429 came, and how many posts were accepted since. */
  #emptyAt: number;
  #accepted = 0;
  #pausedUntil = 0;
  /** Which of the last posts were refused: 1 for each. */
  readonly #refusals: number[] = [];
  /** The last caller's turn. Callers wait in line. */
  #last: Promise<void> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly limit: Rate = ACCOUNT_RATE,
  ) {
    this.#perSecond = limit.perSecond;
    this.#tokens = limit.burst;
    this.#countedAt = clock.now();
    this.#emptyAt = this.#countedAt;
  }

  /** Posts a second, as far as known. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Whether a post may be sent right away. If so, it counts as sent. */
  takeNow(): boolean {
    return this.#last === undefined && this.#takeToken();
  }

  /** Resolves when a post may be sent. */
  async take(): Promise<void> {
    const turn = (this.#last ?? Promise.resolve()).then(() => this.#takeWhenFree());
    this.#last = turn;
    await turn;
    if (this.#last === turn) this.#last = undefined;
  }

  /** API Gateway accepted a post. */
  accepted(): void {
    this.#accepted++;
    this.#watch(0);
  }

  /**
   * API Gateway answered 429 to the first try of a post that was sent at `sentAt`. Posts that were under way together
   * count once.
   */
  refused(sentAt: number): void {
    if (this.#phase !== 'quota' && sentAt < this.#pausedUntil) return;
    this.#watch(1);
    if (this.#refusals.reduce((sum, refusal) => sum + refusal, 0) < TELLING_REFUSALS) return;
    this.#refusals.length = 0;
    this.#slowDown();
  }

  #watch(refusal: number): void {
    this.#refusals.push(refusal);
    if (this.#refusals.length > WATCHED_POSTS) this.#refusals.shift();
  }

  #slowDown(): void {
    const now = this.clock.now();
    const measured = (CAUTION * 1_000 * this.#accepted) / Math.max(1, now - this.#emptyAt);
    this.#perSecond = this.#phase === 'quota' ? SEARCH_PER_SECOND : Math.min(measured, this.limit.perSecond);
    this.#perSecond = Math.max(LOWEST_PER_SECOND, this.#perSecond);
    this.#phase = this.#phase === 'quota' ? 'search' : 'measured';
    this.#tokens = 0;
    this.#accepted = 0;
    this.#emptyAt = now;
    this.#pausedUntil = now + Math.ceil((1_000 * REFILL_POSTS) / this.#perSecond);
    this.#countedAt = this.#pausedUntil;
  }

  /** How many posts may be saved up. */
  get #capacity(): number {
    return this.#phase === 'quota' ? this.limit.burst : Math.max(1, this.#perSecond * SAVED_SECONDS);
  }

  #takeToken(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  async #takeWhenFree(): Promise<void> {
    while (!this.#takeToken()) {
      const untilPaused = this.#pausedUntil - this.clock.now();
      const untilToken = (1_000 * (1 - this.#tokens)) / this.#perSecond;
      await sleep(this.clock, Math.max(1, Math.ceil(Math.max(untilPaused, untilToken))));
    }
  }

  #refill(): void {
    const now = this.clock.now();
    const seconds = (now - this.#countedAt) / 1_000;
    if (seconds <= 0) return;
    this.#countedAt = now;
    if (this.#phase === 'search') this.#grow(2 ** (seconds / DOUBLED_IN_SECONDS));
    if (this.#phase === 'measured') this.#grow(1 + GROWTH_PER_SECOND * seconds);
    this.#tokens = Math.min(this.#capacity, this.#tokens + seconds * this.#perSecond);
  }

  #grow(factor: number): void {
    this.#perSecond = Math.min(this.limit.perSecond, this.#perSecond * factor);
  }
}
