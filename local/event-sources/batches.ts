/** Splits records into events that a function accepts. */

/** Lambda's quota for the payload of a synchronous invocation. */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
const ENVELOPE_BYTES = Buffer.byteLength('{"Records":[]}');

/** The records in order, split where an event would become too large. */
export function splitByBytes<Item>(items: Item[], textOf: (item: Item) => string): Item[][] {
  const batches: Item[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const more = Buffer.byteLength(textOf(item)) + 1;
    if (bytes + more > MAX_PAYLOAD_BYTES) {
      batches.push([]);
      bytes = ENVELOPE_BYTES;
    }
    batches.at(-1)?.push(item);
    bytes += more;
  }
  return batches;
}
