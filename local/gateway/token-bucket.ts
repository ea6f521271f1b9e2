/** A token bucket, API Gateway's way of throttling: limits the average rate and the size of a burst. */
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

  /** Takes a token for a request, if there is one. */
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

/** Token buckets by name. A bucket lasts until its rate changes. */
export class TokenBuckets {
  readonly #clock: Clock;
  readonly #byName = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The bucket with this name and rate. */
  at(name: string, rate: Rate): TokenBucket {
    const known = this.#byName.get(name);
    if (known && known.rate.perSecond === rate.perSecond && known.rate.burst === rate.burst) return known;
    const bucket = new TokenBucket(rate, this.#clock);
    this.#byName.set(name, bucket);
    return bucket;
  }
}
