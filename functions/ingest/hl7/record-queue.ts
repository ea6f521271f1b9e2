/**
 * Numbers the records of a file, and holds each back until its message is complete: an MLLP block may still break off, and has then
 * lost the rest of its message.
 */
import type { Hl7Message, MessageError, ScannedRecord } from './scanned-record';

export class RecordQueue {
  #pending: ScannedRecord | undefined;
  #count = 0;
  #isInBlock = false;

  /** How many messages the file has so far, broken ones included. */
  get count(): number {
    return this.#count;
  }

  get isInBlock(): boolean {
    return this.#isInBlock;
  }

  add(message: Omit<Hl7Message, 'index'>): void {
    this.#pending = { ...message, index: this.#count };
    this.#count += 1;
  }

  addBroken(error: MessageError): void {
    this.#pending = { kind: 'broken', index: this.#count, error };
    this.#count += 1;
  }

  /** The message is complete. */
  *settle(): Generator<ScannedRecord> {
    if (this.#pending) yield this.#pending;
    this.#pending = undefined;
  }

  *beginBlock(): Generator<ScannedRecord> {
    yield* this.breakBlock('the next one begins');
    this.#isInBlock = true;
  }

  *endBlock(): Generator<ScannedRecord> {
    yield* this.settle();
    this.#isInBlock = false;
  }

  /** If a block is open, its message is broken. */
  *breakBlock(why: string): Generator<ScannedRecord> {
    if (this.#isInBlock && this.#pending?.kind === 'message') {
      const { index } = this.#pending;
      const rule = 'an MLLP block must end with the bytes 1C 0D';
      this.#pending = { kind: 'broken', index, error: { name: 'Truncated', rule, value: why } };
    }
    yield* this.settle();
  }
}
