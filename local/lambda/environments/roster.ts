/** The environments of a pool, and what each of them runs. */
import { performance } from 'node:perf_hooks';
import type { Environment } from './environment';
import type { WaitingInvocation } from './waiting-invocations';

interface Entry {
  /** How many environments of the pool were started earlier. */
  order: number;
  /** The version of its code. */
  generation: number;
  current: WaitingInvocation | undefined;
  busySince: number;
  /** A fault may end it after its current invocation. */
  mayBeStruck: boolean;
}

const IDLE = { current: undefined, busySince: Number.POSITIVE_INFINITY, mayBeStruck: false };

export class Roster {
  readonly #entries = new Map<Environment, Entry>();
  #startedCount = 0;
  /** Counts changes of the code. An environment with older code takes no more events. */
  #generation = 0;

  /** Including environments that are about to end. */
  get count(): number {
    return this.#entries.size;
  }

  /** Environments that are not about to end. */
  get usableCount(): number {
    return this.#count(({ isUsable }) => isUsable);
  }

  /** Environments that have loaded their code and run an invocation. */
  get workingCount(): number {
    return this.#count((environment, { current }) => current !== undefined && isReady(environment));
  }

  get isAnyLoading(): boolean {
    return this.#count(({ isLoading }) => isLoading) > 0;
  }

  /** Environments that have been running an invocation for at least this long. */
  countBusyFor(millis: number): number {
    const latest = performance.now() - millis;
    return this.#count((environment, { busySince }) => busySince <= latest && isReady(environment));
  }

  add(environment: Environment): void {
    this.#entries.set(environment, {
      ...{ order: this.#startedCount++, generation: this.#generation },
      ...IDLE,
    });
  }

  remove(environment: Environment): void {
    this.#entries.delete(environment);
  }

  /** The code has changed. */
  outdate(): void {
    this.#generation += 1;
  }

  isOutdated(environment: Environment): boolean {
    return this.#entries.get(environment)?.generation !== this.#generation;
  }

  orderOf(environment: Environment): number {
    return this.#entries.get(environment)?.order ?? 0;
  }

  begins(environment: Environment, invocation: WaitingInvocation, mayBeStruck: boolean): void {
    const entry = this.#entries.get(environment);
    if (entry) Object.assign(entry, { current: invocation, busySince: performance.now(), mayBeStruck });
  }

  /** False if the environment has already begun another one. */
  ends(environment: Environment, invocation: WaitingInvocation): boolean {
    const entry = this.#entries.get(environment);
    if (entry && entry.current !== invocation) return false;
    if (entry) Object.assign(entry, IDLE);
    return true;
  }

  /** An environment that can run another invocation right after its current one. */
  findForNext(): Environment | undefined {
    for (const [environment, { generation, mayBeStruck }] of this.#entries)
      if (generation === this.#generation && !mayBeStruck && environment.canRunNext) return environment;
    return undefined;
  }

  all(): Environment[] {
    return [...this.#entries.keys()];
  }

  #count(counts: (environment: Environment, entry: Entry) => boolean): number {
    let count = 0;
    for (const [environment, entry] of this.#entries) if (counts(environment, entry)) count += 1;
    return count;
  }
}

function isReady({ isUsable, isLoading }: Environment): boolean {
  return isUsable && !isLoading;
}
