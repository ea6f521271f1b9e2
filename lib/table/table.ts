/**
 * What the library asks of its table: DynamoDB's single-item calls, each with a condition, and a query of one partition.
 * Nothing else: no transaction, no batch, no Scan, so that every step of a protocol is one of these calls.
 */
import type { Condition } from './conditions';
import type { Item, Key, Value } from './item';

export interface Table {
  /** The item, read consistently; `undefined` if there is none or it has expired. */
  get(key: Key): Promise<Item | undefined>;
  /** Puts the item if the condition holds; `false` if it does not. */
  put(item: Item, condition: Condition): Promise<boolean>;
  /** Changes the item if the condition holds and returns it as it is then; `undefined` if it does not hold. Creates what is absent unless the condition forbids it. */
  update(key: Key, change: Change, condition: Condition): Promise<Item | undefined>;
  /** Deletes the item if the condition holds; `false` if it does not. */
  delete(key: Key, condition: Condition): Promise<boolean>;
  /** One page (up to 1 MB) of a partition. Expired items are left out. */
  query(range: Range): Promise<Page>;
}

export interface Change {
  set?: { [attribute: string]: Value };
  /** Set only where the item has no such attribute yet. */
  setIfAbsent?: { [attribute: string]: Value };
  /** Added to a number; an absent one counts as 0. */
  add?: { [attribute: string]: number };
  remove?: string[];
  /** Members put into a string set; one that is absent begins with them. */
  addTo?: { [attribute: string]: Members };
  /** Members taken out of a string set; with the last of them the attribute goes, since DynamoDB knows no empty set. */
  deleteFrom?: { [attribute: string]: Members };
}

export type Members = readonly [string, ...string[]];

export interface Range {
  pk: string;
  /** Only sort keys that begin with this. */
  prefix: string;
  /** @default false: ascending by sort key */
  descending?: boolean;
  /** Items in a page. @default as many as 1 MB holds */
  limit?: number;
  /** @default true; false costs half and may miss the last second */
  consistent?: boolean;
  /** Where the page before ended. */
  after?: Key;
}

export interface Page {
  items: Item[];
  /** Pass as `after` for the next page; absent on the last. */
  next?: Key;
}

/**
 * All pages of a range. Where the table decides how large they are, the next one is already being read while the caller works on
 * the one before; a caller who limits them may need no other, so that the next one is read when it is asked for.
 */
export async function* pages(table: Table, range: Range): AsyncGenerator<Item[], void, undefined> {
  let reading: Promise<Page> | undefined = table.query(range);
  while (reading !== undefined) {
    const page: Page = await reading;
    const next = () => page.next && table.query({ ...range, after: page.next });
    const ahead = range.limit === undefined ? next() : undefined;
    // Whoever stops early never asks for that page: its failure then is nobody's.
    ahead?.catch(() => {});
    yield page.items;
    reading = ahead ?? next();
  }
}
