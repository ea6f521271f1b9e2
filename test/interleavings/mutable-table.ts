/** A table in memory whose conditions can be taken away, to see whether that is noticed. */
import type { Clock } from '../../lib';
import { type Intercept, MemoryTable } from '../../lib/testing';
import type { Mutation } from './scenario';

export class MutableTable extends MemoryTable {
  constructor(
    clock: Clock,
    intercept: Intercept,
    private readonly mutate: Mutation = (_operation, _kind, condition) => condition,
  ) {
    super(clock, intercept);
  }

  override put(...[item, condition]: Parameters<MemoryTable['put']>) {
    return super.put(item, this.mutate('put', kindOf(item.sk), condition));
  }

  override update(...[key, change, condition]: Parameters<MemoryTable['update']>) {
    const [attribute = ''] = Object.keys({ ...change.addTo, ...change.set, ...change.add });
    return super.update(key, change, this.mutate(`update ${attribute}`, kindOf(key.sk), condition));
  }
}

function kindOf(sk: string): string {
  return sk.split('#')[0] as string;
}
