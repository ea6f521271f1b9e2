/** What happened to an item of a table: what its stream tells of. */
import type { JsonObject } from '../assembly/values/json';

/** Attributes in DynamoDB's JSON: `{ "id": { "S": "a" } }`. */
export type Attributes = Record<string, JsonObject>;

export interface ItemChange {
  tableName: string;
  keys: Attributes;
  /** The item as it was; none if it was not there. */
  oldImage?: Attributes;
  /** The item as it is; none if it was deleted. */
  newImage?: Attributes;
  /** Milliseconds since the epoch. */
  at: number;
  /** It was deleted because its time to live was over. */
  isExpiry: boolean;
}

export type ChangeListener = (change: ItemChange) => void;
