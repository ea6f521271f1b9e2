/** The tables of a region. A write is stored before it becomes visible, and then reported to listeners. */
import type { JsonObject } from '../assembly/values/json';
import type { Clock } from '../clock';
import { type Attributes, areEqualItems } from './attribute-value';
import type { ChangeListener } from './change';
import { tableNotFound } from './dynamodb-error';
import type { StoredItem } from './stored-item';
import { TableStreams } from './streams/table-streams';
import { Table, type TableState, type WriteUnits } from './table';

/** One step: `{ table }` created or changed, `{ drop }` deleted, `{ put, delete }` written together. */
export type JournalEntry =
  | { table: TableState }
  | { drop: string }
  | { put: [string, Attributes][]; delete: [string, Attributes][] };

/** Stores the tables. */
export interface Journal {
  /** @throws {DynamoDbError} if it cannot; then nothing has changed */
  append(entry: JournalEntry, snapshot: () => Iterable<JournalEntry>): void;
}

/** An item to put or, without one, to delete. */
export interface ItemWrite {
  table: Table;
  position: string;
  /** The existing item. */
  before: StoredItem | undefined;
  item: StoredItem | undefined;
  isExpiry?: boolean;
}

export interface DatabaseOptions {
  region: string;
  accountId: string;
  clock: Clock;
  /** How long creating, changing and deleting a table takes when a request does it. @default 0 */
  transitionMillis?: number;
  /** @default tables are in memory only */
  journal?: Journal;
  /** Gets the changes of tables that have a stream. */
  onChange?: ChangeListener;
}

export class Database {
  readonly options: DatabaseOptions;
  readonly streams: TableStreams;
  readonly #tables = new Map<string, Table>();

  constructor(options: DatabaseOptions) {
    this.options = options;
    this.streams = new TableStreams(options.clock);
  }

  get tableNames(): string[] {
    return [...this.#tables.keys()].sort();
  }

  get now(): number {
    return this.options.clock.now();
  }

  /** For calls about tables. @throws {DynamoDbError} if there is no such table */
  managedTable(name: string): Table {
    const table = this.#tables.get(name);
    if (!table) throw tableNotFound(name);
    return table;
  }

  hasTable(name: string): boolean {
    return this.#tables.has(name);
  }

  /** For calls about items. @throws {DynamoDbError} if there is no such table, or it is not ready */
  table(name: string): Table {
    const table = this.#tables.get(name);
    if (!table || table.status === 'CREATING' || table.status === 'DELETING') throw tableNotFound();
    return table;
  }

  arnOf(tableName: string): string {
    return `arn:aws:dynamodb:${this.options.region}:${this.options.accountId}:table/${tableName}`;
  }

  /**
   * Creates a table, or changes it.
   * @param final what it will be when its transition is over, and what is stored
   */
  keepTable(state: TableState, final = state): Table {
    this.#journal({ table: settled(final) });
    const existing = this.#tables.get(String(state.description.TableName));
    existing?.update(state);
    const table = existing ?? new Table(state);
    this.#tables.set(table.name, table);
    this.streams.follow(state.description);
    return table;
  }

  dropTable(name: string): void {
    this.#journal({ drop: name });
    this.#tables.delete(name);
    this.streams.end(name);
  }

  /** Writes all of them or none. @returns the cost of each */
  write(writes: ItemWrite[]): WriteUnits[] {
    if (this.options.journal) this.#journal(entryOf(writes));
    const units = writes.map(({ table, position, before, item }) => table.replace(position, before, item));
    for (const write of writes) this.#tell(write);
    return units;
  }

  /** Loads what a journal has stored. */
  restore(entry: JournalEntry): void {
    if ('table' in entry) {
      const table = this.#tables.get(String(entry.table.description.TableName));
      if (table) table.update(entry.table);
      else this.#tables.set(String(entry.table.description.TableName), new Table(entry.table));
      this.streams.follow(entry.table.description);
    } else if ('drop' in entry) {
      this.#tables.delete(entry.drop);
      this.streams.end(entry.drop);
    } else {
      for (const [name, attributes] of entry.put) {
        const table = this.managedTable(name);
        const item = table.stored(attributes);
        table.replace(item.position, table.items.get(item.position), item);
      }
      for (const [name, key] of entry.delete) {
        const table = this.managedTable(name);
        const { position } = table.stored(key);
        table.replace(position, table.items.get(position), undefined);
      }
    }
  }

  /** Everything, in the journal's form. */
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

  #tell({ table, before, item, isExpiry = false }: ItemWrite): void {
    const image = item ?? before;
    if (!image || !table.state.description.StreamSpecification) return;
    // A write that leaves an item unchanged is not a change.
    if (item && before && areEqualItems(item.attributes, before.attributes)) return;
    const change = this.streams.append(
      {
        ...{ tableName: table.name, keys: table.keyOf(image.attributes), at: this.now, isExpiry },
        ...(before && { oldImage: before.attributes }),
        ...(item && { newImage: item.attributes }),
      },
      table.schema[0].name,
    );
    if (change) this.options.onChange?.(change);
  }
}

function entryOf(writes: ItemWrite[]): JournalEntry {
  const put: [string, Attributes][] = [];
  const gone: [string, Attributes][] = [];
  for (const { table, before, item } of writes) {
    if (item) put.push([table.name, item.attributes]);
    else if (before) gone.push([table.name, table.keyOf(before.attributes)]);
  }
  return { put, delete: gone };
}

/** A table that was changing when it was stored is done when it is loaded. */
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
