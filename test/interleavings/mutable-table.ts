/** A table in memory whose conditions can be taken away, to see whether that is noticed, and which tells of its updates. */
import type { Clock } from '../../lib';
import type { Item } from '../../lib/table/item';
import type { Change } from '../../lib/table/table';
import { type Intercept, MemoryTable } from '../../lib/testing';
import type { Mutation, Scenario } from './scenario';

export class MutableTable extends MemoryTable {
  readonly #mutate: Mutation;
  readonly #misread: Scenario['misread'];

  constructor(
    clock: Clock,
    intercept: Intercept,
    { mutate, misread }: Pick<Scenario, 'mutate' | 'misread'>,
    /** Called as soon as whoever asked for it knows that an update has taken effect. */
    private readonly updated: (item: Item, change: Change) => void,
  ) {
    super(clock, intercept);
    this.#mutate = mutate ?? ((_operation, _kind, condition) => condition);
    this.#misread = misread;
  }

  override async get(...[key]: Parameters<MemoryTable['get']>) {
    const item = await super.get(key);
    return item && this.#misread ? this.#misread(item) : item;
  }

  override put(...[item, condition]: Parameters<MemoryTable['put']>) {
    return super.put(item, this.#mutate('put', kindOf(item.sk), condition));
  }

  override async update(...[key, change, condition]: Parameters<MemoryTable['update']>) {
    const [attribute = ''] = Object.keys({ ...change.addTo, ...change.set, ...change.add });
    const mutated = this.#mutate(`update ${attribute}`, kindOf(key.sk), condition);
    const item = await super.update(key, change, mutated);
    if (item) this.updated(item, change);
    return item;
  }
}

function kindOf(sk: string): string {
  return sk.split('#')[0] as string;
}
