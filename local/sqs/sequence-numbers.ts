/** The sequence numbers of a FIFO queue: increasing numbers with twenty digits, like those of SQS. */

const FIRST = 18_800_000_000_000_000_000n;
const STEP = 256n;

export class SequenceNumbers {
  #last = FIRST;

  next(): bigint {
    this.#last += STEP;
    return this.#last;
  }
}
