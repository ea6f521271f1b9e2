/** A table in memory that evaluates conditions, sorts keys and filters expired items as DynamoDB does. */
import type { Clock } from '../clock';
import { type Condition, holds } from '../table/conditions';
import { type Item, isExpired, type Key, type Value } from '../table/item';
import type { Change, Page, Range, Table } from '../table/table';
import { type Intercept, letThrough } from './intercept';

/** Stands for DynamoDB's limit of 1 MB for a page. */
const DEFAULT_PAGE_ITEMS = 1_000;

export class MemoryTable implements Table {
  readonly #items = new Map<string, Item>();

  constructor(
    private readonly clock: Clock,
    private readonly intercept: Intercept = letThrough,
    private readonly pageItems = DEFAULT_PAGE_ITEMS,
  ) {}

  get(key: Key): Promise<Item | undefined> {
    return this.#call('get', key, () => {
      const item = this.#items.get(id(key));
      return item && !isExpired(item, this.clock.now()) ? clone(item) : undefined;
    });
  }

  put(item: Item, condition: Condition): Promise<boolean> {
    return this.#call('put', item, () => {
      if (!holds(condition, this.#items.get(id(item)))) return false;
      this.#items.set(id(item), clone(item));
      return true;
    });
  }

  update(key: Key, change: Change, condition: Condition): Promise<Item | undefined> {
    return this.#call('update', key, () => {
      const before = this.#items.get(id(key));
      if (!holds(condition, before)) return undefined;
      const after = changed(before ?? { pk: key.pk, sk: key.sk }, change);
      this.#items.set(id(key), after);
      return clone(after);
    });
  }

  delete(key: Key, condition: Condition): Promise<boolean> {
    return this.#call('delete', key, () => {
      if (!holds(condition, this.#items.get(id(key)))) return false;
      this.#items.delete(id(key));
      return true;
    });
  }

  query(range: Range): Promise<Page> {
    return this.#call('query', { pk: range.pk, sk: range.prefix }, () => {
      const inRange = [...this.#items.values()]
        .filter(({ pk, sk }) => pk === range.pk && sk.startsWith(range.prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a.sk), Buffer.from(b.sk)));
      if (range.descending) inRange.reverse();
      const start = range.after ? inRange.findIndex(({ sk }) => isAfter(sk, range)) : 0;
      const rest = start < 0 ? [] : inRange.slice(start);
      const page = rest.slice(0, range.limit ?? this.pageItems);
      const last = page.at(-1);
      const now = this.clock.now();
      return {
        items: page.filter((item) => !isExpired(item, now)).map((item) => clone(item)),
        ...(last && page.length < rest.length && { next: { pk: last.pk, sk: last.sk } }),
      };
    });
  }

  /** Everything in the table that has not expired, for assertions. */
  items(): Item[] {
    const now = this.clock.now();
    return [...this.#items.values()].filter((item) => !isExpired(item, now)).map((item) => clone(item));
  }

  /** Deletes expired items, as DynamoDB does some time after they expire. */
  deleteExpired(): void {
    const now = this.clock.now();
    for (const [key, item] of this.#items) if (isExpired(item, now)) this.#items.delete(key);
  }

  #call<T>(operation: string, { pk, sk }: Key, apply: () => T): Promise<T> {
    return this.intercept({ to: 'table', operation, subject: `${pk} / ${sk}` }, apply);
  }
}

function id({ pk, sk }: Key): string {
  return `${pk.length} ${pk} ${sk}`;
}

function isAfter(sk: string, { after, descending = false }: Range): boolean {
  const order = Buffer.compare(Buffer.from(sk), Buffer.from(after?.sk ?? ''));
  return descending ? order < 0 : order > 0;
}

function changed(item: Item, change: Change): Item {
  const { set = {}, setIfAbsent = {}, add = {}, remove = [], addTo = {}, deleteFrom = {} } = change;
  const after: Item = clone({ ...item, ...set });
  for (const [name, value] of Object.entries(setIfAbsent)) after[name] ??= clone(value);
  for (const [name, value] of Object.entries(add))
    after[name] = ((item[name] as number | undefined) ?? 0) + value;
  for (const name of remove) delete after[name];
  for (const [name, members] of Object.entries(addTo)) {
    after[name] = [...new Set([...membersOf(item, name), ...members])].sort();
  }
  for (const [name, members] of Object.entries(deleteFrom)) {
    const left = membersOf(item, name).filter((member) => !members.includes(member));
    if (left.length > 0) after[name] = left;
    else delete after[name];
  }
  return after;
}

function membersOf(item: Item, set: string): string[] {
  return (item[set] ?? []) as string[];
}

/** Items are plain data. `structuredClone` would take most of a test's time. */
function clone<T extends Value>(value: T): T {
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(clone) as T;
  const copy: { [name: string]: Value } = { ...value };
  for (const name in copy) {
    const part = copy[name];
    if (typeof part === 'object') copy[name] = clone(part);
  }
  return copy as T;
}
