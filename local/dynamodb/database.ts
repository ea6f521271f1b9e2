/** The tables of a region. Writes are kept before they are seen, and told to whoever listens once they are. */
import type { JsonObject } from '../assembly/values/json';
import type { Clock } from '../clock';
import { type Attributes, areEqualItems } from './attribute-value';
import type { ChangeListener } from './change';
import { tableNotFound } from './dynamodb-error';
import type { StoredItem } from './stored-item';
import { Table, type TableState, type WriteUnits } from './table';

/** One step of what has happened: `{ table }` made or changed, `{ drop }` deleted, `{ put, delete }` written at once. */
export type JournalEntry =
  | { table: TableState }
  | { drop: string }
  | { put: [string, Attributes][]; delete: [string, Attributes][] };

/** What keeps the tables. */
export interface Journal {
  /** @throws {DynamoDbError} if it cannot: nothing has happened then. */
  append(entry: JournalEntry, snapshot: () => Iterable<JournalEntry>): void;
}

/** An item to put or, without one, to delete. */
export interface ItemWrite {
  table: Table;
  position: string;
  item: StoredItem | undefined;
  isExpiry?: boolean;
}

export interface DatabaseOptions {
  region: string;
  accountId: string;
  clock: Clock;
  /** How long tables take to be made, changed and deleted where a request asks for it. @default 0 */
  transitionMillis?: number;
  /** @default tables are in memory only */
  journal?: Journal;
  /** Hears of the items of tables that have a stream. */
  onChange?: ChangeListener;
}

export class Database {
  readonly options: DatabaseOptions;
  readonly #tables = new Map<string, Table>();

  constructor(options: DatabaseOptions) {
    this.options = options;
  }

  get tableNames(): string[] {
    return [...this.#tables.keys()].sort();
  }

  get now(): number {
    return this.options.clock.now();
  }

  /** For calls about tables. @throws {DynamoDbError} if there is none of this name. */
  managedTable(name: string): Table {
    const table = this.#tables.get(name);
    if (!table) throw tableNotFound(name);
    return table;
  }

  hasTable(name: string): boolean {
    return this.#tables.has(name);
  }

  /** For calls about items. @throws {DynamoDbError} if there is none of this name, or it is not ready. */
  table(name: string): Table {
    const table = this.#tables.get(name);
    if (!table || table.status === 'CREATING' || table.status === 'DELETING') throw tableNotFound();
    return table;
  }

  arnOf(tableName: string): string {
    return `arn:aws:dynamodb:${this.options.region}:${this.options.accountId}:table/${tableName}`;
  }

  /** Makes a table, or changes it. */
  keepTable(state: TableState): Table {
    this.#journal({ table: settled(state) });
    const existing = this.#tables.get(String(state.description.TableName));
    existing?.update(state);
    const table = existing ?? new Table(state);
    this.#tables.set(table.name, table);
    return table;
  }

  dropTable(name: string): void {
    this.#journal({ drop: name });
    this.#tables.delete(name);
  }

  /** All of them, or none. @returns what each costs */
  write(writes: ItemWrite[]): WriteUnits[] {
    this.#journal(entryOf(writes));
    const before = writes.map(({ table, position }) => table.items.get(position));
    const units = writes.map(({ table, position, item }) => table.replace(position, item));
    for (const [index, write] of writes.entries()) this.#tell(write, before[index]);
    return units;
  }

  /** Takes over what a journal has kept. */
  restore(entry: JournalEntry): void {
    if ('table' in entry) {
      const table = this.#tables.get(String(entry.table.description.TableName));
      if (table) table.update(entry.table);
      else this.#tables.set(String(entry.table.description.TableName), new Table(entry.table));
    } else if ('drop' in entry) {
      this.#tables.delete(entry.drop);
    } else {
      for (const [name, attributes] of entry.put) {
        const table = this.managedTable(name);
        const item = table.stored(attributes);
        table.replace(item.position, item);
      }
      for (const [name, key] of entry.delete) {
        const table = this.managedTable(name);
        table.replace(table.stored(key).position, undefined);
      }
    }
  }

  /** All that there is, as a journal keeps it. */
  *snapshot(): Generator<JournalEntry> {
    for (const table of this.#tables.values()) {
      yield { table: settled(table.state) };
      for (const { attributes } of table.items.values()) {
        yield { put: [[table.name, attributes]], delete: [] };
      }
    }
  }

  #journal(entry: JournalEntry): void {
    this.options.journal?.append(entry, () => this.snapshot());
  }

  #tell({ table, item, isExpiry = false }: ItemWrite, before: StoredItem | undefined): void {
    const image = item ?? before;
    const { onChange } = this.options;
    if (!onChange || !image || !table.state.description.StreamSpecification) return;
    // A write that leaves an item as it was is no change.
    if (item && before && areEqualItems(item.attributes, before.attributes)) return;
    onChange({
      ...{ tableName: table.name, keys: table.keyOf(image.attributes), at: this.now, isExpiry },
      ...(before && { oldImage: before.attributes }),
      ...(item && { newImage: item.attributes }),
    });
  }
}

function entryOf(writes: ItemWrite[]): JournalEntry {
  const put: [string, Attributes][] = [];
  const gone: [string, Attributes][] = [];
  for (const { table, position, item } of writes) {
    const before = table.items.get(position);
    if (item) put.push([table.name, item.attributes]);
    else if (before) gone.push([table.name, table.keyOf(before.attributes)]);
  }
  return { put, delete: gone };
}

/** What is on its way is done when it is read again. */
function settled({ description, ...rest }: TableState): TableState {
  const active = (indexes: unknown) =>
    (indexes as JsonObject[]).map((index): JsonObject => ({ ...index, IndexStatus: 'ACTIVE' }));
  return {
    ...rest,
    description: {
      ...description,
      TableStatus: 'ACTIVE',
      ...(description.GlobalSecondaryIndexes && {
        GlobalSecondaryIndexes: active(description.GlobalSecondaryIndexes),
      }),
    },
  };
}
