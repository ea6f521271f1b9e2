/**
 * A table in memory that can drop the conditions of writes or the consistency of queries, to check that the tests
 * notice it. It also reports its updates.
 */
import type { Clock } from '../../lib';
import type { Item, Key } from '../../lib/table/item';
import type { Change, Page } from '../../lib/table/table';
import { type Intercept, MemoryTable } from '../../lib/testing';
import type { Mutation, Scenario } from './scenario';

export class MutableTable extends MemoryTable {
  readonly #mutate: Mutation;
  readonly #misread: Scenario['misread'];
  readonly #stalePartition: string | undefined;
  /** The key that was last put into the stale partition. */
  lastPut: Key | undefined;

  constructor(
    clock: Clock,
    intercept: Intercept,
    { mutate, misread, stalePartition }: Pick<Scenario, 'mutate' | 'misread' | 'stalePartition'>,
    /** Called as soon as the caller knows that an update has taken effect. */
    private readonly updated: (item: Item, change: Change) => void,
  ) {
    super(clock, intercept);
    this.#mutate = mutate ?? ((_operation, _kind, condition) => condition);
    this.#misread = misread;
    this.#stalePartition = stalePartition;
  }

  override async get(...[key]: Parameters<MemoryTable['get']>) {
    const item = await super.get(key);
    return item && this.#misread ? this.#misread(item) : item;
  }

  override async put(...[item, condition]: Parameters<MemoryTable['put']>) {
    const isPut = await super.put(item, this.#mutate('put', kindOf(item.sk), condition));
    if (isPut && item.pk === this.#stalePartition) this.lastPut = { pk: item.pk, sk: item.sk };
    return isPut;
  }

  override async update(...[key, change, condition]: Parameters<MemoryTable['update']>) {
    const { addTo, set, add, setIfAbsent, remove = [] } = change;
    const [attribute = ''] = [...Object.keys({ ...addTo, ...set, ...add, ...setIfAbsent }), ...remove];
    const mutated = this.#mutate(`update ${attribute}`, kindOf(key.sk), condition);
    const isNew =
      key.pk === this.#stalePartition && !this.items().some(({ pk, sk }) => pk === key.pk && sk === key.sk);
    const item = await super.update(key, change, mutated);
    if (item && isNew) this.lastPut = key;
    if (item) this.updated(item, change);
    return item;
  }

  override delete(...[key, condition]: Parameters<MemoryTable['delete']>) {
    return super.delete(key, this.#mutate('delete', kindOf(key.sk), condition));
  }

  override async query(...[range]: Parameters<MemoryTable['query']>): Promise<Page> {
    const page = await super.query(range);
    const { lastPut } = this;
    if (range.pk !== lastPut?.pk) return page;
    return { ...page, items: page.items.filter(({ sk }) => sk !== lastPut.sk) };
  }
}

function kindOf(sk: string): string {
  return sk.split('#')[0] as string;
}
