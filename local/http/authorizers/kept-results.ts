/** Results of Lambda authorizers, kept for as long as the authorizer says, by the identity in the request. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../clock';
import { MAX_KEPT_RESULTS } from '../assumptions';

export class KeptResults<Result> {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #results = new Map<string, { result: Result; until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): Result | undefined {
    const kept = this.#results.get(key);
    return kept && this.#clock.now() < kept.until ? kept.result : undefined;
  }

  keep(key: string, result: Result, seconds: number): void {
    this.#results.delete(key);
    this.#results.set(key, { result, until: this.#clock.now() + seconds * 1_000 });
    const [oldest] = this.#results.keys();
    if (this.#results.size > MAX_KEPT_RESULTS && oldest !== undefined) this.#results.delete(oldest);
  }
}

/** A hash, so that no token stays in memory. */
export function keptKey(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
