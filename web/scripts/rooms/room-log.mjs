/** The lines of a room on this page: each line once, in the order of the offsets, and no more than the server keeps. */
import { readLine } from './lines.mjs';

/**
 * The number of lines that the channel keeps. A page that has been open for a long time shows no more than a new one.
 */
export const LOG_SIZE = 300;

export class RoomLog {
  /** By offset; `undefined` for a publication that contains no line. */
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

  /** Ignores a publication that was already added or is too old. */
  add(publication) {
    const { offset } = publication;
    if (!Number.isSafeInteger(offset) || offset <= this.#last - LOG_SIZE || this.#lines.has(offset)) return;
    this.#lines.set(offset, readLine(publication));
    this.reach(offset);
  }

  /** Records that everything up to this offset has been added. */
  reach(offset) {
    if (!Number.isSafeInteger(offset) || offset <= this.#last) return;
    this.#last = offset;
    for (const old of this.#lines.keys()) if (old <= offset - LOG_SIZE) this.#lines.delete(old);
  }
}
