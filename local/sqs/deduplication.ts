/** Deduplication of FIFO queues and topics: within five minutes, a duplicate is acknowledged but not stored. */
import { createHash } from 'node:crypto';
import type { Queue } from '../assembly/model';
import type { NewMessage } from './message';

const INTERVAL_MILLIS = 5 * 60_000;

export class Deduplication<Receipt> {
  readonly #seen = new Map<string, { at: number; receipt: Receipt }>();

  constructor(private readonly now: () => number) {}

  find(key: string): Receipt | undefined {
    this.#forget();
    return this.#seen.get(key)?.receipt;
  }

  remember(key: string, receipt: Receipt): void {
    this.#seen.set(key, { at: this.now(), receipt });
  }

  #forget(): void {
    const limit = this.now() - INTERVAL_MILLIS;
    for (const [key, { at }] of this.#seen) {
      if (at > limit) return;
      this.#seen.delete(key);
    }
  }
}

/**
 * What identifies a message of a FIFO queue: its id, which others see, and the key among those of the queue. Undefined
 * for other queues.
 */
export function deduplicationKey(
  { body, groupId = '', deduplicationId }: NewMessage,
  { isFifo, deduplicationScope }: Queue,
): { id: string; scoped: string } | undefined {
  if (!isFifo) return undefined;
  const id = deduplicationId ?? contentDigest(body);
  const scope = deduplicationScope === 'messageGroup' ? groupId : '';
  return { id, scoped: JSON.stringify([scope, id]) };
}

/** The deduplication id of a message without one, for content-based deduplication. */
export function contentDigest(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
