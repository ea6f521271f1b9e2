/**
 * Bounds the messages of each connection with a token bucket in the memory of one environment. Lambda may run one
 * client's messages in several environments with their own buckets, so the total is at most this limit times the
 * number of environments.
 */

/** How many connections have a bucket. The one that was quiet longest is dropped first. */
const REMEMBERED = 10_000;
/** The client is notified once in this time, however many messages are refused. */
const NOTICE_MILLISECONDS = 1_000;

interface Bucket {
  tokens: number;
  /** When the tokens were last counted, in milliseconds since the epoch. */
  countedAt: number;
  refused: number;
  noticedAt: number;
}

/** `refused` is set if the client should be notified: how many messages were refused since the last notification. */
export type Admission = { taken: true } | { taken: false; refused?: number };

export class MessageRate {
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    private readonly messagesPerSecond: number,
    private readonly burst: number,
  ) {}

  /**
   * Uses the time at which API Gateway received the message (milliseconds since the epoch), not when it runs. A flood
   * gains nothing by waiting in a queue.
   */
  admit(webSocketId: string, at: number, messages = 1): Admission {
    if (this.messagesPerSecond === Number.POSITIVE_INFINITY) return { taken: true };
    const bucket = this.#bucket(webSocketId, at);
    // A message that was overtaken has an older time. It adds no tokens and removes none.
    const seconds = Math.max(0, at - bucket.countedAt) / 1_000;
    bucket.tokens = Math.min(this.burst, bucket.tokens + seconds * this.messagesPerSecond);
    bucket.countedAt = Math.max(bucket.countedAt, at);
    // What counts as more than a burst could never be taken.
    const cost = Math.min(messages, Math.max(1, this.burst));
    if (bucket.tokens >= cost) {
      bucket.tokens -= cost;
      return { taken: true };
    }
    return this.refuse(webSocketId, at);
  }

  /** Counts a refused message, no matter which limit refused it. */
  refuse(webSocketId: string, at: number): Admission {
    const bucket = this.#bucket(webSocketId, at);
    bucket.refused += 1;
    if (at < bucket.noticedAt + NOTICE_MILLISECONDS) return { taken: false };
    const { refused } = bucket;
    bucket.refused = 0;
    bucket.noticedAt = at;
    return { taken: false, refused };
  }

  forget(webSocketId: string): void {
    this.#buckets.delete(webSocketId);
  }

  /** The bucket, which becomes the most recent. */
  #bucket(webSocketId: string, at: number): Bucket {
    const known = this.#buckets.get(webSocketId);
    const bucket = known ?? {
      ...{ tokens: this.burst, countedAt: at, refused: 0 },
      noticedAt: Number.NEGATIVE_INFINITY,
    };
    if (known) this.#buckets.delete(webSocketId);
    else if (this.#buckets.size >= REMEMBERED) {
      const [oldest = ''] = this.#buckets.keys();
      this.#buckets.delete(oldest);
    }
    this.#buckets.set(webSocketId, bucket);
    return bucket;
  }
}
