/**
 * What the library needs from its table: DynamoDB's single-item calls, each with a condition, and a query of one
 * partition.
 * Nothing else: no transactions, batches or Scans. Every step of a protocol is one of these calls.
 */
import type { Condition } from './conditions';
import type { Item, Key, Value } from './item';

export interface Table {
  /** The item, read consistently; `undefined` if it does not exist or has expired. */
  get(key: Key): Promise<Item | undefined>;
  /** Puts the item if the condition holds; `false` if it does not. */
  put(item: Item, condition: Condition): Promise<boolean>;
  /**
   * Changes the item if the condition holds, and returns the changed item; `undefined` if it does not hold. Creates a
   * missing item unless the condition forbids it.
   */
  update(key: Key, change: Change, condition: Condition): Promise<Item | undefined>;
  /** Deletes the item if the condition holds; `false` if it does not. */
  delete(key: Key, condition: Condition): Promise<boolean>;
  /** One page (up to 1 MB) of a partition. Expired items are left out. */
  query(range: Range): Promise<Page>;
}

export interface Change {
  set?: { [attribute: string]: Value };
  /** Set only if the item does not have the attribute yet. */
  setIfAbsent?: { [attribute: string]: Value };
  /** Added to a number; a missing one counts as 0. */
  add?: { [attribute: string]: number };
  remove?: string[];
  /** Added to a string set, which is created if missing. */
  addTo?: { [attribute: string]: Members };
  /** Removed from a string set. The attribute is removed with its last member, because DynamoDB has no empty sets. */
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
  /** Where the previous page ended. */
  after?: Key;
}

export interface Page {
  items: Item[];
  /** Pass as `after` for the next page. Missing on the last page. */
  next?: Key;
}

/**
 * All pages of a range. If the table decides on the page size, the next page is read while the caller works on the
 * previous one. A caller with a limit may not need the next page, so it is read on demand.
 */
export async function* pages(table: Table, range: Range): AsyncGenerator<Item[], void, undefined> {
  let reading: Promise<Page> | undefined = table.query(range);
  while (reading !== undefined) {
    const page: Page = await reading;
    const next = () => page.next && table.query({ ...range, after: page.next });
    const ahead = range.limit === undefined ? next() : undefined;
    // If the caller stops early, nobody handles the next page's error.
    ahead?.catch(() => {});
    yield page.items;
    reading = ahead ?? next();
  }
}
