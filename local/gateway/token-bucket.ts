/** A token bucket, as API Gateway throttles: so many requests a second on average, and so many at once. */
import type { Clock } from '../clock';

export interface Rate {
  perSecond: number;
  burst: number;
}

export class TokenBucket {
  readonly rate: Rate;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(rate: Rate, clock: Clock) {
    this.rate = rate;
    this.#clock = clock;
    this.#tokens = rate.burst;
    this.#filledAt = clock.now();
  }

  /** Whether a token was left for the request. */
  take(): boolean {
    if (this.rate.perSecond === Number.POSITIVE_INFINITY) return true;
    const now = this.#clock.now();
    const gained = Math.max(0, now - this.#filledAt) * (this.rate.perSecond / 1_000);
    this.#tokens = Math.min(this.rate.burst, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
