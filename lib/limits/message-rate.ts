/**
 * Bounds the messages of each connection with a token bucket, in the memory of one environment. Lambda may run the messages of one
 * client in several environments, and each has buckets of its own: what is taken in all is at most this, times the environments.
 */

/** Connections whose buckets are remembered; the one that was quiet longest goes first. */
const REMEMBERED = 10_000;
/** The client is told once in this time, however many of its messages are refused. */
const NOTICE_MILLISECONDS = 1_000;

interface Bucket {
  tokens: number;
  /** When the tokens were counted last, in milliseconds since the epoch. */
  countedAt: number;
  refused: number;
  noticedAt: number;
}

/** `refused` is there if the client is to be told: how many of its messages were refused since it was told last. */
export type Admission = { taken: true } | { taken: false; refused?: number };

export class MessageRate {
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    private readonly messagesPerSecond: number,
    private readonly burst: number,
  ) {}

  /**
   * Decides on a message by the time at which the gateway took it (milliseconds since the epoch), not by when it runs: a flood that
   * waits in a queue gains nothing by waiting.
   */
  admit(webSocketId: string, at: number): Admission {
    if (this.messagesPerSecond === Number.POSITIVE_INFINITY) return { taken: true };
    const bucket = this.#bucket(webSocketId, at);
    // A message that another one overtook is older: it adds no tokens, and takes none back.
    const seconds = Math.max(0, at - bucket.countedAt) / 1_000;
    bucket.tokens = Math.min(this.burst, bucket.tokens + seconds * this.messagesPerSecond);
    bucket.countedAt = Math.max(bucket.countedAt, at);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return { taken: true };
    }
    return this.refuse(webSocketId, at);
  }

  /** Counts a message as refused, whoever refuses it. */
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

  /** The bucket, which is the youngest from now on. */
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
