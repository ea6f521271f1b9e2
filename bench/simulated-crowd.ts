/**
 * A connection table with any number of members, whose rows are generated when they are read. It counts what DynamoDB
 * would charge.
 */
import { MEMBER_PREFIX as PREFIX, serviceChannelPk } from '../lib/connections/connection-items';
import type { Condition } from '../lib/table/conditions';
import type { Item, Key } from '../lib/table/item';
import type { Change, Page, Range, Table } from '../lib/table/table';

/** docs/costs.md: "A member costs 0.06 read units". A test counts it. */
const MEMBER_BYTES = 245;
const READ_UNIT_BYTES = 4_096;
const HASHES = 256;
const ID_DIGITS = 16;

export class SimulatedCrowd implements Table {
  readUnits = 0;
  writeUnits = 0;
  readonly #pk: string;

  constructor(
    service: string,
    private readonly members: number,
    /** Stores everything else. */
    private readonly rest: Table,
  ) {
    this.#pk = serviceChannelPk(service);
  }

  get(key: Key): Promise<Item | undefined> {
    this.readUnits++;
    return this.rest.get(key);
  }

  put(item: Item, condition: Condition): Promise<boolean> {
    this.writeUnits++;
    return this.rest.put(item, condition);
  }

  update(key: Key, change: Change, condition: Condition): Promise<Item | undefined> {
    this.writeUnits++;
    return this.rest.update(key, change, condition);
  }

  delete(key: Key, condition: Condition): Promise<boolean> {
    this.writeUnits++;
    return this.rest.delete(key, condition);
  }

  async query(range: Range): Promise<Page> {
    const page = range.pk === this.#pk ? this.#page(range) : await this.rest.query(range);
    const bytes =
      range.pk === this.#pk ? page.items.length * MEMBER_BYTES : JSON.stringify(page.items).length;
    this.readUnits += Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES));
    return page;
  }

  #page({ after, limit = 1_000 }: Range): Page {
    const from = this.#indexAfter(after?.sk ?? PREFIX);
    const count = Math.max(0, Math.min(limit, this.members - from));
    const items = Array.from({ length: count }, (_, n) => this.#row(from + n));
    const last = items.at(-1);
    return { items, ...(last && from + count < this.members && { next: { pk: this.#pk, sk: last.sk } }) };
  }

  /** The hashes are evenly distributed, in the order of the ids. */
  #row(index: number): Item {
    const hash = Math.floor((index * HASHES) / this.members);
    const id = String(index).padStart(ID_DIGITS, '0');
    return {
      ...{ pk: this.#pk, sk: `${PREFIX}${hash.toString(16).padStart(2, '0')}#${id}` },
      ...{ callbackUrl: 'https://x/chat', serverFunction: 'server', acceptedAt: 0 },
    };
  }

  #indexAfter(sk: string): number {
    const [, hash = '', id = ''] = sk.split('#');
    if (id !== '') return Number(id) + 1;
    return hash === '' ? 0 : Math.ceil((Number.parseInt(hash, 16) * this.members) / HASHES);
  }
}
