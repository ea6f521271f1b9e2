/** The environments of all functions: a pool for each version that is invoked, within limits that they share. */
import type { LambdaFunction } from '../../assembly/model';
import type { Clock } from '../../clock';
import type { FunctionFaults } from '../../faults/function-faults';
import type { Credentials } from '../../iam/identities';
import type { FunctionLog } from '../function-log';
import type { HostLimits } from '../host-limits';
import type { Address, Endpoint, Invocation, InvocationResult, Isolation } from './environment';
import { EnvironmentPool, type PoolHost } from './environment-pool';

export interface EnvironmentPoolsOptions {
  region: string;
  clock: Clock;
  log: FunctionLog;
  limits: HostLimits;
  isolation: Isolation;
  faults: FunctionFaults | undefined;
  endpoint(): Endpoint;
  serviceEndpoints?(): Record<string, Address>;
  credentialsOf?(lambdaFunction: LambdaFunction): Credentials;
  tunnel?(): Promise<Record<string, string>>;
}

const LATEST = '$LATEST';
const NO_SERVICES: Record<string, Address> = {};

export class EnvironmentPools {
  readonly #options: EnvironmentPoolsOptions;
  readonly #pools = new Map<string, EnvironmentPool>();
  readonly #poolHost: PoolHost;

  constructor(options: EnvironmentPoolsOptions) {
    this.#options = options;
    this.#poolHost = this.#createPoolHost();
  }

  /** The number of running threads and processes. */
  get environmentCount(): number {
    return [...this.#pools.values()].reduce((sum, pool) => sum + pool.threadCount, 0);
  }

  /**
   * The pool for a function's name, with or without a qualifier. Every version runs the same code, in environments of
   * its own.
   */
  find(functionName: string): EnvironmentPool | undefined {
    const own = this.#pools.get(functionName);
    if (own) return own;
    const [name = '', qualifier = LATEST] = functionName.split(':');
    const newest = this.#pools.get(name);
    const version = qualifier === LATEST ? LATEST : newest?.lambdaFunction.qualifiers?.[qualifier];
    if (newest === undefined || version === undefined) return undefined;
    if (version === LATEST) return newest;
    const key = `${name}:${version}`;
    const pool = this.#pools.get(key) ?? new EnvironmentPool(this.#poolHost, newest.lambdaFunction, version);
    this.#pools.set(key, pool);
    return pool;
  }

  /**
   * Uses these functions, and the current code in their folders, for all invocations that have not begun.
   * @param removed the result of waiting invocations of a function that no longer exists
   */
  replace(
    functions: LambdaFunction[],
    removed: (functionName: string, invocation: Invocation) => InvocationResult,
  ): void {
    const byName = new Map(functions.map((one) => [one.functionName, one]));
    for (const [key, pool] of this.#pools) {
      const later = byName.get(pool.lambdaFunction.functionName);
      if (later && hasVersion(later, pool.version)) {
        pool.replace(later);
      } else {
        this.#pools.delete(key);
        pool.retire((invocation) => removed(key, invocation));
      }
    }
    for (const [name, lambdaFunction] of byName) {
      if (!this.#pools.has(name))
        this.#pools.set(name, new EnvironmentPool(this.#poolHost, lambdaFunction, LATEST));
    }
  }

  /** Ends all environments. Waiting invocations get `resultOf`. */
  async end(resultOf: (invocation: Invocation) => InvocationResult): Promise<void> {
    const pools = [...this.#pools.values()];
    for (const pool of pools) pool.retire(resultOf);
    await Promise.all(pools.map((pool) => pool.end()));
  }

  #createPoolHost(): PoolHost {
    const {
      region,
      clock,
      log,
      endpoint,
      serviceEndpoints,
      isolation,
      credentialsOf,
      faults,
      limits,
      tunnel,
    } = this.#options;
    return {
      ...{ clock, limits, isolation, faults },
      makeRoom: (most) => this.environmentCount < most || this.#endAnIdleEnvironment(),
      roomChanged: () => {
        if (this.environmentCount > limits.environments && this.#usableCount() > limits.environments)
          this.#endAnIdleEnvironment();
        for (const pool of this.#pools.values()) pool.pump();
      },
      environmentOptions: (lambdaFunction) => ({
        lambdaFunction,
        region,
        credentials: credentialsOf?.(lambdaFunction),
        clock,
        ...(tunnel && { tunnel }),
        endpoints: () => ({ endpoint: endpoint(), services: serviceEndpoints?.() ?? NO_SERVICES }),
        onOutput: (requestId, stream, text) =>
          log.output({ functionName: lambdaFunction.functionName, requestId, at: clock.now(), stream, text }),
      }),
    };
  }

  /** Ends an environment of the function that has been idle for the longest time. False if none is idle. */
  #endAnIdleEnvironment(): boolean {
    let longest: { pool: EnvironmentPool; since: number } | undefined;
    for (const pool of this.#pools.values()) {
      const since = pool.restsSince;
      if (since !== undefined && since < (longest?.since ?? Number.POSITIVE_INFINITY))
        longest = { pool, since };
    }
    return longest?.pool.endAnIdle() ?? false;
  }

  #usableCount(): number {
    return [...this.#pools.values()].reduce((sum, pool) => sum + pool.usableCount, 0);
  }
}

function hasVersion({ qualifiers = {} }: LambdaFunction, version: string): boolean {
  return version === LATEST || Object.values(qualifiers).includes(version);
}
