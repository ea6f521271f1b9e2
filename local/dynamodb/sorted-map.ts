/** A map with sorted keys, fast even with a million of them. */

/** Small enough for fast inserts, and large enough that there are few chunks. */
const MAX_CHUNK_KEYS = 512;

export class SortedMap<Value> {
  readonly #values = new Map<string, Value>();
  /** No chunk is empty, except a single one. */
  #chunks: string[][] = [[]];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    const { size } = this.#values;
    this.#values.set(key, value);
    if (this.#values.size === size) return;
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at] ?? [];
    chunk.splice(lowerBound(chunk, key), 0, key);
    if (chunk.length > MAX_CHUNK_KEYS) this.#chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK_KEYS / 2));
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return;
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at] ?? [];
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1);
  }

  /** In any order. */
  values(): IterableIterator<Value> {
    return this.#values.values();
  }

  /** From `from` up to but excluding `to`, in either direction. Do not change the map while iterating. */
  *range(from: string, to: string, isReverse = false): Generator<Value> {
    const step = isReverse ? -1 : 1;
    let at = this.#chunkOf(isReverse ? to : from);
    let index = lowerBound(this.#chunks[at] ?? [], isReverse ? to : from) - (isReverse ? 1 : 0);
    for (; at >= 0 && at < this.#chunks.length; at += step) {
      const chunk = this.#chunks[at] ?? [];
      for (; index >= 0 && index < chunk.length; index += step) {
        const key = chunk[index] as string;
        if (isReverse ? key < from : key >= to) return;
        yield this.#values.get(key) as Value;
      }
      index = isReverse ? (this.#chunks[at - 1]?.length ?? 0) - 1 : 0;
    }
  }

  /** The chunk that contains the key, or would contain it. */
  #chunkOf(key: string): number {
    let [low, high] = [0, this.#chunks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#chunks[middle]?.[0] ?? '') <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The position of the first key that is not less than this one. */
function lowerBound(keys: string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
