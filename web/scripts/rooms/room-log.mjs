/** The lines of a room that this page has: each once, in the order of their offsets, and as many as the server keeps. */
import { readLine } from './lines.mjs';

/** As many as the channel keeps. A page that has been open for long sees no more than one that opens now. */
export const LOG_SIZE = 300;

export class RoomLog {
  /** By offset; `undefined` for a publication that is no line. */
  #lines = new Map();
  #last = 0;

  /** The position of the page in the log: it has everything up to this offset. */
  get last() {
    return this.#last;
  }

  get lines() {
    const offsets = [...this.#lines.keys()].sort((one, other) => one - other);
    return offsets.map((offset) => this.#lines.get(offset)).filter(Boolean);
  }

  /** How many publications there are after one offset, up to another. */
  countBetween(after, upTo) {
    return [...this.#lines.keys()].filter((offset) => offset > after && offset <= upTo).length;
  }

  /** A publication that is there already, or that is too old, changes nothing. */
  add(publication) {
    const { offset } = publication;
    if (!Number.isSafeInteger(offset) || offset <= this.#last - LOG_SIZE || this.#lines.has(offset)) return;
    this.#lines.set(offset, readLine(publication));
    this.reach(offset);
  }

  /** There is nothing up to this offset that was not added. */
  reach(offset) {
    if (!Number.isSafeInteger(offset) || offset <= this.#last) return;
    this.#last = offset;
    for (const old of this.#lines.keys()) if (old <= offset - LOG_SIZE) this.#lines.delete(old);
  }
}
