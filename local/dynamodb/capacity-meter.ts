/** Counts the capacity that a request consumes, and reports it in the requested detail. */
import type { Json, JsonObject } from '../assembly/values/json';
import type { SecondaryIndex } from './secondary-index';
import type { Table, WriteUnits } from './table';

const BYTES_OF_READ_UNIT = 4096;

interface TableUnits {
  table: number;
  local: Map<string, number>;
  global: Map<string, number>;
}

const NOTHING: JsonObject = {};

export class CapacityMeter {
  readonly #mode: Json | undefined;
  readonly #isAsked: boolean;
  readonly #transaction: 'Read' | 'Write' | undefined;
  #tables: Map<string, TableUnits> | undefined;

  /**
   * @param mode `ReturnConsumedCapacity` of the request
   * @param transaction the kind of transaction; DynamoDB reads or writes each of its items twice
   */
  constructor(mode: Json | undefined, transaction?: 'Read' | 'Write') {
    this.#mode = mode;
    this.#isAsked = mode === 'TOTAL' || mode === 'INDEXES';
    this.#transaction = transaction;
  }

  read(table: Table, bytes: number, isConsistent: boolean, index?: SecondaryIndex): void {
    if (!this.#isAsked) return;
    const units = Math.max(1, Math.ceil(bytes / BYTES_OF_READ_UNIT));
    this.#add(table.name, this.#transaction || isConsistent ? units : units / 2, index);
  }

  wrote(table: Table, { table: units, indexes }: WriteUnits): void {
    if (!this.#isAsked) return;
    this.#add(table.name, units);
    for (const [index, indexUnits] of indexes) this.#add(table.name, indexUnits, index);
  }

  #add(tableName: string, units: number, index?: SecondaryIndex): void {
    this.#tables ??= new Map();
    const of = this.#tables.get(tableName) ?? { table: 0, local: new Map(), global: new Map() };
    this.#tables.set(tableName, of);
    const counted = this.#transaction ? 2 * units : units;
    if (!index) of.table += counted;
    else {
      const kind = index.isGlobal ? of.global : of.local;
      kind.set(index.name, (kind.get(index.name) ?? 0) + counted);
    }
  }

  /** For a response about one table. */
  get one(): JsonObject {
    if (!this.#tables) return NOTHING;
    const [first] = this.#all();
    return first ? { ConsumedCapacity: first } : NOTHING;
  }

  /** For a response about several tables. */
  get several(): JsonObject {
    const all = this.#all();
    return all.length > 0 ? { ConsumedCapacity: all } : {};
  }

  #all(): JsonObject[] {
    return [...(this.#tables ?? [])].map(([name, units]) => this.#tell(name, units));
  }

  #tell(tableName: string, { table, local, global }: TableUnits): JsonObject {
    const total = [...local.values(), ...global.values()].reduce((sum, units) => sum + units, table);
    return {
      TableName: tableName,
      ...this.#capacity(total),
      ...(this.#mode === 'INDEXES' && {
        Table: this.#capacity(table),
        ...(local.size > 0 && { LocalSecondaryIndexes: this.#capacities(local) }),
        ...(global.size > 0 && { GlobalSecondaryIndexes: this.#capacities(global) }),
      }),
    };
  }

  #capacities(indexes: Map<string, number>): JsonObject {
    return Object.fromEntries([...indexes].map(([name, units]) => [name, this.#capacity(units)]));
  }

  #capacity(units: number): JsonObject {
    return {
      CapacityUnits: units,
      ...(this.#transaction && { [`${this.#transaction}CapacityUnits`]: units }),
    };
  }
}
