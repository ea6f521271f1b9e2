/** One index of a table: the items that have its key, in its order, with the projected attributes. */
import type { JsonObject } from '../assembly/values/json';
import { type Attributes, areEqualItems, attributeOf } from './attribute-value';
import { indexPositionOf, type KeySchema, keyAttributes } from './key';
import { SortedMap } from './sorted-map';
import { type StoredItem, storedItem } from './stored-item';

export class SecondaryIndex {
  readonly items = new SortedMap<StoredItem>();
  readonly name: string;
  readonly projectsAll: boolean;
  readonly #projected: string[];
  bytes = 0;

  /** @param description as in `CreateTable` */
  constructor(
    description: JsonObject,
    readonly schema: KeySchema,
    private readonly tableSchema: KeySchema,
    readonly isGlobal: boolean,
  ) {
    this.name = String(description.IndexName);
    const { ProjectionType, NonKeyAttributes } = description.Projection as JsonObject;
    this.projectsAll = ProjectionType === 'ALL';
    const keys = [...keyAttributes(schema), ...keyAttributes(tableSchema)].map(({ name }) => name);
    this.#projected = [...new Set([...keys, ...((NonKeyAttributes ?? []) as string[])])];
  }

  /** Whether it has everything that is requested. */
  has(name: string): boolean {
    return this.projectsAll || this.#projected.includes(name);
  }

  /** Applies a change of an item, and returns its write capacity units. */
  replace(before: StoredItem | undefined, after: StoredItem | undefined): number {
    const old = before && this.#entryOf(before);
    const current = after && this.#entryOf(after);
    if (old && current && old.position === current.position) {
      if (areEqualItems(old.attributes, current.attributes)) {
        // Indexes that project all attributes contain the table's own items.
        this.#set(current);
        return 0;
      }
      this.#set(current);
      return units(Math.max(old.bytes, current.bytes));
    }
    if (old) this.#delete(old);
    if (current) this.#set(current);
    return (old ? units(old.bytes) : 0) + (current ? units(current.bytes) : 0);
  }

  #entryOf({ attributes, bytes }: StoredItem): StoredItem | undefined {
    const isIn = keyAttributes(this.schema).every(({ name, type }) => attributeOf(attributes, name)?.[type]);
    if (!isIn) return undefined;
    const position = indexPositionOf(attributes, this.schema, this.tableSchema);
    return this.projectsAll
      ? storedItem(position, attributes, bytes)
      : storedItem(position, projectedOf(attributes, this.#projected));
  }

  #set(entry: StoredItem): void {
    this.bytes += entry.bytes - (this.items.get(entry.position)?.bytes ?? 0);
    this.items.set(entry.position, entry);
  }

  #delete({ position, bytes }: StoredItem): void {
    this.bytes -= bytes;
    this.items.delete(position);
  }
}

function projectedOf(attributes: Attributes, names: string[]): Attributes {
  const found = names.filter((name) => Object.hasOwn(attributes, name));
  return Object.fromEntries(found.map((name) => [name, attributes[name] ?? {}]));
}

function units(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 1024));
}
