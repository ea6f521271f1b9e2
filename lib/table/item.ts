/** What the table contains: items under two keys, with plain values and an optional time to live. */

export interface Key {
  pk: string;
  sk: string;
}

/** A string set is read as a sorted array of its members. Only `addTo` of a change writes one. */
export type Value = string | number | boolean | Value[] | { [name: string]: Value };

/** `expiresAt`, in seconds since the epoch, is the item's time to live, if it has one. */
export type Item = Key & { [name: string]: Value };

/** The `expiresAt` of an item that is kept this many seconds from now (now in milliseconds since the epoch). */
export function expiryAfter(now: number, seconds: number): number {
  return Math.floor(now / 1000) + seconds;
}

/** DynamoDB may take days to delete expired items, so every read filters them out. */
export function isExpired(item: Item, now: number): boolean {
  return typeof item.expiresAt === 'number' && item.expiresAt * 1000 <= now;
}
