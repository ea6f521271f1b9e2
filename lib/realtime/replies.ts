/** What a client is answered to the commands of a frame, in as few frames as possible. */
import { MAX_MESSAGE_BYTES } from '../delivery/delivery';
import { framesOfTexts, type Push, pushText } from './protocol';
import { errors } from './realtime-errors';
import type { RealtimeHooks } from './realtime-hooks';

/** Answers wait for those after them no longer than this. A client gives a command up after five seconds. */
const FLUSHED_AFTER_MILLISECONDS = 500;

export class Replies {
  readonly #texts: string[] = [];
  #flushedAt: number;

  constructor(private readonly server: RealtimeHooks) {
    this.#flushedAt = this.#now();
  }

  /** @throws RealtimeError for an answer that API Gateway does not carry, so that its client does not wait for it */
  add(reply: { id: number; [result: string]: unknown }): void {
    const text = JSON.stringify(reply);
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_MESSAGE_BYTES)
      throw errors.limitExceeded(
        `the answer has ${bytes} bytes, and API Gateway sends at most ${MAX_MESSAGE_BYTES}`,
      );
    this.#texts.push(text);
  }

  push(push: Push): void {
    this.#texts.push(pushText(push));
  }

  async flushIfDue(): Promise<void> {
    if (this.#now() > this.#flushedAt + FLUSHED_AFTER_MILLISECONDS) await this.flush();
  }

  async flush(): Promise<void> {
    this.#flushedAt = this.#now();
    for (const frame of framesOfTexts(this.#texts.splice(0))) await this.server.write(frame);
  }

  #now(): number {
    return this.server.service.backend.clock.now();
  }
}
