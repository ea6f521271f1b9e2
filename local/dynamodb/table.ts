/** A table: its description, its items and its indexes. */
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import type { Attributes } from './attribute-value';
import { validationError } from './dynamodb-error';
import { type KeySchema, type KeyType, keyAttributes, positionOf } from './key';
import { SecondaryIndex } from './secondary-index';
import { SortedMap } from './sorted-map';
import { type StoredItem, storedItem } from './stored-item';

/** A table without its items: what is stored about it. */
export interface TableState {
  /** As in `DescribeTable`, without counts. */
  description: JsonObject;
  tags: Record<string, string>;
  /** The attribute with an item's expiry. */
  ttlAttribute?: string;
  /** When a request last changed that. */
  ttlChangedAt?: number;
}

/** The cost of a write: by table, and by index. */
export interface WriteUnits {
  table: number;
  indexes: Map<SecondaryIndex, number>;
}

const NO_INDEXES = new Map<SecondaryIndex, number>();

export class Table {
  readonly items = new SortedMap<StoredItem>();
  #state: TableState;
  #schema: KeySchema;
  #indexes = new Map<string, SecondaryIndex>();
  #indexList: readonly SecondaryIndex[] = [];
  #bytes = 0;

  constructor(state: TableState) {
    this.#state = state;
    this.#schema = this.#schemaOf(state.description);
    this.#readIndexes();
  }

  get state(): TableState {
    return this.#state;
  }

  get name(): string {
    return String(this.#state.description.TableName);
  }

  get schema(): KeySchema {
    return this.#schema;
  }

  get indexes(): readonly SecondaryIndex[] {
    return this.#indexList;
  }

  get status(): string {
    return String(this.#state.description.TableStatus);
  }

  /** Changes the description. New indexes are filled, and removed ones deleted. */
  update(state: TableState): void {
    this.#state = state;
    this.#readIndexes();
  }

  /** @throws {DynamoDbError} if there is no such index */
  index(name: string): SecondaryIndex {
    const index = this.#indexes.get(name);
    const global = (this.#state.description.GlobalSecondaryIndexes ?? []) as JsonObject[];
    const { IndexStatus: status } = global.find((one) => one.IndexName === name) ?? {};
    if (status === 'CREATING') {
      throw validationError(`Cannot read from backfilling global secondary index: ${name}`);
    }
    if (index && status !== 'DELETING') return index;
    throw validationError(`The table does not have the specified index: ${name}`);
  }

  find(key: Attributes): StoredItem | undefined {
    return this.items.get(positionOf(key, this.#schema));
  }

  /** The item as the table would store it. */
  stored(attributes: Attributes, bytes?: number): StoredItem {
    return storedItem(positionOf(attributes, this.#schema), attributes, bytes);
  }

  /** Puts an item in place of `before`, or deletes that. */
  replace(position: string, before: StoredItem | undefined, item: StoredItem | undefined): WriteUnits {
    this.#bytes += (item?.bytes ?? 0) - (before?.bytes ?? 0);
    if (item) this.items.set(position, item);
    else this.items.delete(position);
    const indexes = this.#indexList.length === 0 ? NO_INDEXES : new Map<SecondaryIndex, number>();
    for (const index of this.#indexList) {
      const units = index.replace(before, item);
      if (units > 0) indexes.set(index, units);
    }
    const bytes = Math.max(before?.bytes ?? 0, item?.bytes ?? 0);
    return { table: Math.max(1, Math.ceil(bytes / 1024)), indexes };
  }

  keyOf(item: Attributes): Attributes {
    return Object.fromEntries(keyAttributes(this.#schema).map(({ name }) => [name, item[name] ?? {}]));
  }

  describe(): JsonObject {
    const { description } = this.#state;
    const counted = (key: string): JsonObject => {
      const indexes = description[key];
      return Array.isArray(indexes) && indexes.length > 0
        ? { [key]: indexes.map((one) => this.#counted(one)) }
        : {};
    };
    return {
      ...description,
      ItemCount: this.items.size,
      TableSizeBytes: this.#bytes,
      ...counted('LocalSecondaryIndexes'),
      ...counted('GlobalSecondaryIndexes'),
    };
  }

  #counted(description: Json): Json {
    if (!isObject(description)) return description;
    const index = this.#indexes.get(String(description.IndexName));
    return { ...description, IndexSizeBytes: index?.bytes ?? 0, ItemCount: index?.items.size ?? 0 };
  }

  #readIndexes(): void {
    const { description } = this.#state;
    const before = this.#indexes;
    this.#indexes = new Map();
    for (const key of ['LocalSecondaryIndexes', 'GlobalSecondaryIndexes']) {
      for (const one of (description[key] ?? []) as JsonObject[]) {
        const name = String(one.IndexName);
        this.#indexes.set(name, before.get(name) ?? this.#filledIndex(one, key === 'GlobalSecondaryIndexes'));
      }
    }
    this.#indexList = [...this.#indexes.values()];
  }

  #filledIndex(description: JsonObject, isGlobal: boolean): SecondaryIndex {
    const index = new SecondaryIndex(description, this.#schemaOf(description), this.#schema, isGlobal);
    for (const item of this.items.values()) index.replace(undefined, item);
    return index;
  }

  #schemaOf({ KeySchema }: JsonObject): KeySchema {
    const definitions = this.#state.description.AttributeDefinitions as JsonObject[];
    const [partition, sort] = (KeySchema as JsonObject[]).map(({ AttributeName }) => ({
      name: String(AttributeName),
      type: definitions.find((one) => one.AttributeName === AttributeName)?.AttributeType as KeyType,
    }));
    if (!partition) throw new Error(`The table ${this.name} has no key.`);
    return sort ? [partition, sort] : [partition];
  }
}
