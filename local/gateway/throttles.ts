/**
 * Throttling: the account's quotas, and the lower limits of stages and routes. Source: "Quotas for configuring and
 * running a WebSocket API" and "Protect your WebSocket APIs".
 */
import type { StageThrottling, Throttle } from '../assembly/model';
import type { Clock } from '../clock';
import type { Log } from '../log';
import type { AccountQuotas } from './quotas';
import { type Rate, TokenBucket, TokenBuckets } from './token-bucket';

/** A stage of an API of any kind. */
export interface ThrottledStage {
  readonly stageName: string;
  readonly throttling?: StageThrottling | undefined;
}

export class Throttles {
  readonly #clock: Clock;
  readonly #quotas: AccountQuotas;
  readonly #account: TokenBucket;
  readonly #newConnections: TokenBucket;
  readonly #buckets = new WeakMap<ThrottledStage, TokenBuckets>();
  readonly #log: Log;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(quotas: AccountQuotas, clock: Clock, log: Log) {
    this.#log = log;
    this.#clock = clock;
    this.#quotas = quotas;
    this.#account = new TokenBucket({ perSecond: quotas.requestsPerSecond, burst: quotas.burst }, clock);
    const { newConnectionsPerSecond } = quotas;
    this.#newConnections = new TokenBucket(
      { perSecond: newConnectionsPerSecond, burst: newConnectionsPerSecond },
      clock,
    );
  }

  /** Whether a handshake may proceed. */
  admitsHandshake(stage: ThrottledStage): boolean {
    if (!this.#newConnections.take()) {
      const { newConnectionsPerSecond } = this.#quotas;
      return this.#throttled(`the account's quota of ${newConnectionsPerSecond} new connections a second`);
    }
    return this.admitsRequest(stage, '$connect');
  }

  /** Whether a message of a route, or a plain request, may proceed. */
  admitsRequest(stage: ThrottledStage, routeKey: string): boolean {
    const { throttling } = stage;
    const ofRoute = throttling?.byRoute[routeKey];
    const settings = ofRoute ?? throttling?.stage;
    if (settings && !this.#bucket(stage, ofRoute ? routeKey : '', settings).take()) {
      const owner = ofRoute ? `the route ${routeKey}` : `the stage ${stage.stageName}`;
      const { perSecond, burst } = this.#rateOf(settings);
      return this.#throttled(`the throttling of ${owner}: ${perSecond} a second, ${burst} at once`);
    }
    return this.admitsPost();
  }

  /** Whether a call to @connections may proceed. It counts towards the account's requests. */
  admitsPost(): boolean {
    if (this.#account.take()) return true;
    const { requestsPerSecond, burst } = this.#quotas;
    return this.#throttled(`the account's quota of ${requestsPerSecond} requests a second, ${burst} at once`);
  }

  /** Logs at most once a second, because throttled clients send many requests. */
  #throttled(by: string): false {
    const now = this.#clock.now();
    if (now - this.#toldAt >= 1_000) {
      this.#toldAt = now;
      this.#log.warn(`Requests are throttled (429) by ${by}.`);
    }
    return false;
  }

  #bucket(stage: ThrottledStage, key: string, settings: Throttle): TokenBucket {
    const buckets = this.#buckets.get(stage) ?? new TokenBuckets(this.#clock);
    this.#buckets.set(stage, buckets);
    return buckets.at(key, this.#rateOf(settings));
  }

  /** The account's quotas apply where the settings have no limit. */
  #rateOf({ perSecond = this.#quotas.requestsPerSecond, burst = this.#quotas.burst }: Throttle): Rate {
    return { perSecond, burst };
  }
}
