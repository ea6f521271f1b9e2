/** A change of an item, for the table's stream. */
import type { JsonObject } from '../assembly/values/json';

/** Attributes in DynamoDB's JSON: `{ "id": { "S": "a" } }`. */
export type Attributes = Record<string, JsonObject>;

export interface ItemChange {
  tableName: string;
  keys: Attributes;
  /** The item before; undefined if it did not exist. */
  oldImage?: Attributes;
  /** The item after; undefined if it was deleted. */
  newImage?: Attributes;
  /** Milliseconds since the epoch. */
  at: number;
  /** The item was deleted because its time to live was over. */
  isExpiry: boolean;
  /** In the table's stream. */
  sequenceNumber: string;
  /** The same number for all changes of a partition key. It decides their shard. */
  partitionHash: number;
}

export type ChangeListener = (change: ItemChange) => void;
