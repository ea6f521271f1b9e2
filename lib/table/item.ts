/** What lies in the table: items under two keys, of plain values, with or without a time to live. */

export interface Key {
  pk: string;
  sk: string;
}

/** A string set is read as an array of its members in order; only a change's `addTo` writes one, never a value. */
export type Value = string | number | boolean | Value[] | { [name: string]: Value };

/** `expiresAt`, in seconds since the epoch, is the time to live of an item that has it. */
export type Item = Key & { [name: string]: Value };

/** The `expiresAt` of an item that is kept so many seconds from now, which is in milliseconds since the epoch. */
export function expiryAfter(now: number, seconds: number): number {
  return Math.floor(now / 1000) + seconds;
}

/** DynamoDB deletes expired items only within days, so every read leaves them out itself. */
export function isExpired(item: Item, now: number): boolean {
  return typeof item.expiresAt === 'number' && item.expiresAt * 1000 <= now;
}
