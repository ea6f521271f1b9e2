/**
 * Runs an app's Lambda functions in worker threads or processes: a bounded number of warm environments, and a queue
 * for further invocations.
 */
import { randomUUID } from 'node:crypto';
import type { LambdaFunction } from '../assembly/model';
import type { Clock } from '../clock';
import type { Faults } from '../faults/faults';
import { FunctionFaults } from '../faults/function-faults';
import type { Credentials } from '../iam/identities';
import type { Destinations } from '../messaging/destinations';
import { type AsyncEvent, AsyncInvocations } from './async-invocations';
import type { Address, Endpoint, Invocation, InvocationResult, Isolation } from './environment';
import { EnvironmentPool, type PoolHost } from './environment-pool';
import { failure, TOO_MANY_REQUESTS } from './failure';
import type { FunctionLog, InvocationStart } from './function-log';
import { defaultLimits, type HostLimits } from './host-limits';
import type { FunctionInvoker, InvocationOutcome } from './invocation';

export interface FunctionHostOptions {
  functions: LambdaFunction[];
  region: string;
  accountId: string;
  clock: Clock;
  /** The clock of retries and of the age of events. @default `clock` */
  appTime?: Clock;
  log: FunctionLog;
  /** Where the functions' connections to `*.amazonaws.com` go. Called for each invocation. */
  endpoint(): Endpoint;
  /**
   * The same for single services, by their label in AWS's hosts (`dynamodb`), and for hosts that are none of AWS's, by their names.
   * One object, until something changes.
   */
  serviceEndpoints?(): Record<string, Address>;
  limits?: Partial<HostLimits>;
  /** By which a function signs its requests. @default those of people */
  credentialsOf?(lambdaFunction: LambdaFunction): Credentials;
  /** Of Node.js functions. @default thread */
  isolation?: Isolation;
  /** What goes wrong on purpose. @default nothing */
  faults?: Faults | undefined;
  /** Gets the records of finished asynchronous events that the app asked for. @default nothing does */
  destinations?: Destinations;
}

export class FunctionHost implements FunctionInvoker {
  readonly #options: FunctionHostOptions;
  readonly #limits: HostLimits;
  readonly #pools = new Map<string, EnvironmentPool>();
  readonly #poolHost: PoolHost;
  readonly #async: AsyncInvocations;
  readonly #faults: FunctionFaults | undefined;
  /** Invocations that wait for an environment. */
  readonly #waiting = { count: 0, characters: 0 };
  /** Invocations that wait or run. */
  #openCount = 0;
  #onQuiet: (() => void) | undefined;
  #closed = false;

  constructor(options: FunctionHostOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits(), ...options.limits };
    this.#faults = options.faults && new FunctionFaults(options.faults, options.clock);
    this.#poolHost = this.#createPoolHost();
    this.#async = new AsyncInvocations({
      clock: options.appTime ?? options.clock,
      limits: this.#limits,
      run: (event) => this.#run(event),
      settingsOf: (functionName) => this.find(functionName)?.asynchronous,
      notice: (functionName, text) => options.log.notice(functionName, text),
      functionArn: (functionName) => this.find(functionName)?.functionArn ?? '',
      ...(options.destinations && { destinations: options.destinations }),
    });
    this.replace(options.functions);
  }

  get region(): string {
    return this.#options.region;
  }

  get accountId(): string {
    return this.#options.accountId;
  }

  /** The number of running threads. */
  get environmentCount(): number {
    return [...this.#pools.values()].reduce((sum, pool) => sum + pool.threadCount, 0);
  }

  /** The function with that name, if the app has it. */
  find(functionName: string): LambdaFunction | undefined {
    return this.#poolOf(functionName)?.lambdaFunction;
  }

  /** The version that runs for a name, or for a name and a qualifier, if the function has it. */
  versionOf(functionName: string): string | undefined {
    return this.#poolOf(functionName)?.version;
  }

  /** By name, or by name and qualifier: every version runs the same code, in its own environments. */
  #poolOf(functionName: string): EnvironmentPool | undefined {
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

  /** `clientContext` is JSON text for the function's context. */
  invoke(
    functionName: string,
    payload: string,
    subject?: string,
    clientContext?: string,
  ): Promise<InvocationOutcome> {
    return this.#run({
      ...{ functionName, payload, requestId: randomUUID(), attempt: 1 },
      ...(subject !== undefined && { subject }),
      ...(clientContext !== undefined && { clientContext }),
    });
  }

  /** Returns the request id, the same for every attempt, or undefined if too many events are waiting. */
  invokeAsync(functionName: string, payload: string): string | undefined {
    return this.#async.accept(functionName, payload);
  }

  /** Uses these functions, and the current code in their folders, for all invocations that have not begun. */
  replace(functions: LambdaFunction[]): void {
    const byName = new Map(functions.map((one) => [one.functionName, one]));
    for (const [key, pool] of this.#pools) {
      const later = byName.get(pool.lambdaFunction.functionName);
      if (later && hasVersion(later, pool.version)) {
        pool.replace(later);
      } else {
        this.#pools.delete(key);
        pool.retire(({ requestId }) => withoutRun(this.#notFound(requestId, key)));
      }
    }
    for (const [name, lambdaFunction] of byName) {
      if (!this.#pools.has(name))
        this.#pools.set(name, new EnvironmentPool(this.#poolHost, lambdaFunction, LATEST));
    }
  }

  /**
   * Accepts nothing new, drops retries, lets waiting and running invocations finish within a time limit, and ends the
   * threads.
   */
  async close(): Promise<void> {
    this.#closed = true;
    this.#async.close();
    await this.#untilQuiet();
    const pools = [...this.#pools.values()];
    for (const pool of pools) pool.retire(({ requestId }) => withoutRun(stopping(requestId)));
    await Promise.all(pools.map((pool) => pool.end()));
  }

  async #run(event: AsyncEvent): Promise<InvocationOutcome> {
    const { payload, clientContext, ...invocation } = event;
    const { functionName, requestId } = invocation;
    const pool = this.#poolOf(functionName);
    if (this.#closed) return stopping(requestId);
    if (!pool) return this.#notFound(requestId, functionName);
    if (!this.#admits(payload) || this.#faults?.throttles(functionName))
      return failure(requestId, TOO_MANY_REQUESTS, 'Rate Exceeded.');

    this.#openCount += 1;
    this.#waiting.count += 1;
    this.#waiting.characters += payload.length;
    let start: InvocationStart | undefined;
    const given: Invocation = { requestId, payload };
    const { lambdaFunction } = pool;
    if (functionName !== lambdaFunction.functionName) {
      given.invokedFunctionArn = lambdaFunction.functionArn + functionName.slice(functionName.indexOf(':'));
    }
    if (clientContext !== undefined) given.clientContext = clientContext;
    const result = await pool.run(given, (coldStart) => {
      this.#leavesTheLine(payload);
      const { functionName: name } = pool.lambdaFunction;
      start = { ...invocation, functionName: name, payload, coldStart, startedAt: this.#options.clock.now() };
      this.#options.log.start(start);
    });
    if (start) this.#logEnd(start, result);
    else this.#leavesTheLine(payload);
    this.#openCount -= 1;
    if (this.#openCount === 0) this.#onQuiet?.();
    return result.outcome;
  }

  #admits(payload: string): boolean {
    const { waitingInvocations, waitingPayloadCharacters } = this.#limits;
    return (
      this.#waiting.count < waitingInvocations &&
      this.#waiting.characters + payload.length <= waitingPayloadCharacters
    );
  }

  #leavesTheLine(payload: string): void {
    this.#waiting.count -= 1;
    this.#waiting.characters -= payload.length;
  }

  #logEnd(start: InvocationStart, result: InvocationResult): void {
    const billedMillis = Math.ceil(result.durationMillis + (result.initMillis ?? 0));
    this.#options.log.end({ ...start, ...result, billedMillis, endedAt: this.#options.clock.now() });
  }

  #notFound(requestId: string, functionName: string) {
    const arn = `arn:aws:lambda:${this.region}:${this.accountId}:function:${functionName}`;
    return failure(requestId, 'ResourceNotFoundException', `Function not found: ${arn}`);
  }

  async #untilQuiet(): Promise<void> {
    if (this.#openCount === 0) return;
    await new Promise<void>((resolve) => {
      const alarm = this.#options.clock.after(this.#limits.closeMillis, resolve);
      this.#onQuiet = () => {
        alarm.cancel();
        resolve();
      };
    });
  }

  #createPoolHost(): PoolHost {
    const {
      region,
      clock,
      log,
      endpoint,
      serviceEndpoints,
      isolation = 'thread',
      credentialsOf,
    } = this.#options;
    return {
      clock,
      limits: this.#limits,
      isolation,
      faults: this.#faults,
      makeRoom: (most) => this.environmentCount < most || this.#endAnIdleEnvironment(),
      roomChanged: () => {
        const { environments } = this.#limits;
        if (this.environmentCount > environments && this.#usableCount() > environments)
          this.#endAnIdleEnvironment();
        for (const pool of this.#pools.values()) pool.pump();
      },
      environmentOptions: (lambdaFunction) => ({
        lambdaFunction,
        region,
        credentials: credentialsOf?.(lambdaFunction),
        clock,
        endpoints: () => ({ endpoint: endpoint(), services: serviceEndpoints?.() ?? NO_SERVICES }),
        onOutput: (requestId, stream, text) =>
          log.output({ functionName: lambdaFunction.functionName, requestId, at: clock.now(), stream, text }),
      }),
    };
  }

  /** An environment of the function that has not been used for the longest time. False if none is idle. */
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

const LATEST = '$LATEST';

function hasVersion({ qualifiers = {} }: LambdaFunction, version: string): boolean {
  return version === LATEST || Object.values(qualifiers).includes(version);
}

const NO_SERVICES: Record<string, Address> = {};

function stopping(requestId: string) {
  return failure(requestId, 'ServiceException', 'The runtime is stopping and accepts no more invocations.');
}

/** The result of an invocation that never reached an environment. */
function withoutRun(outcome: InvocationOutcome): InvocationResult {
  return { outcome, durationMillis: 0, leftovers: {} };
}
