/** Runs an app's Lambda functions: admits invocations, waits for an environment, and logs what happened. */
import { randomUUID } from 'node:crypto';
import type { LambdaFunction } from '../assembly/model';
import type { Clock } from '../clock';
import type { Faults } from '../faults/faults';
import { FunctionFaults } from '../faults/function-faults';
import type { Credentials } from '../iam/identities';
import type { Destinations } from '../messaging/destinations';
import { type AsyncEvent, AsyncInvocations } from './async-invocations';
import { AwsTunnel } from './environments/aws-tunnel';
import type { Address, Endpoint, Invocation, InvocationResult, Isolation } from './environments/environment';
import { EnvironmentPools } from './environments/environment-pools';
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
  /** The address that replaces `*.amazonaws.com` in functions. Called for each invocation. */
  endpoint(): Endpoint;
  /**
   * Other addresses, by a service's label in AWS's hosts (`dynamodb`) or by the name of another host. Returns the same
   * object until something changes.
   */
  serviceEndpoints?(): Record<string, Address>;
  limits?: Partial<HostLimits>;
  /** The credentials with which a function signs its requests. @default the user's */
  credentialsOf?(lambdaFunction: LambdaFunction): Credentials;
  /** Where Node.js functions run. @default thread */
  isolation?: Isolation;
  /** The faults to inject. @default none */
  faults?: Faults | undefined;
  /** Receives the records of asynchronous events for which the app configures destinations. @default dropped */
  destinations?: Destinations;
}

export class FunctionHost implements FunctionInvoker {
  readonly #options: FunctionHostOptions;
  readonly #limits: HostLimits;
  readonly #pools: EnvironmentPools;
  readonly #async: AsyncInvocations;
  readonly #tunnel: AwsTunnel;
  readonly #faults: FunctionFaults | undefined;
  /** Invocations that wait for an environment. */
  readonly #waiting = { count: 0, characters: 0 };
  /** Waiting and running invocations. */
  #openCount = 0;
  #onQuiet: (() => void) | undefined;
  #closed = false;

  constructor(options: FunctionHostOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits(), ...options.limits };
    this.#faults = options.faults && new FunctionFaults(options.faults, options.clock);
    const { region, clock, log, endpoint, serviceEndpoints, credentialsOf, isolation = 'thread' } = options;
    this.#tunnel = new AwsTunnel({
      endpoint,
      isServed: (name) => Object.hasOwn(serviceEndpoints?.() ?? {}, name),
      now: () => clock.now(),
    });
    this.#pools = new EnvironmentPools({
      ...{ region, clock, log, isolation, limits: this.#limits, faults: this.#faults, endpoint },
      ...(serviceEndpoints && { serviceEndpoints }),
      ...(credentialsOf && { credentialsOf }),
      tunnel: () => this.#tunnel.variables(),
    });
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

  /** The number of running threads and processes. */
  get environmentCount(): number {
    return this.#pools.environmentCount;
  }

  /** The function with that name, if the app has it. */
  find(functionName: string): LambdaFunction | undefined {
    return this.#pools.find(functionName)?.lambdaFunction;
  }

  /** The version that runs for a name, with or without a qualifier, if the function has it. */
  versionOf(functionName: string): string | undefined {
    return this.#pools.find(functionName)?.version;
  }

  /** @param clientContext JSON text */
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

  /** Returns the request id, which every attempt has, or undefined if too many events are waiting. */
  invokeAsync(functionName: string, payload: string): string | undefined {
    return this.#async.accept(functionName, payload);
  }

  /** Uses these functions, and the current code in their folders, for all invocations that have not begun. */
  replace(functions: LambdaFunction[]): void {
    this.#pools.replace(functions, (functionName, { requestId }) =>
      withoutRun(this.#notFound(requestId, functionName)),
    );
  }

  /**
   * Accepts no more invocations, drops retries, lets waiting and running invocations finish within a time limit, and
   * ends all environments.
   */
  async close(): Promise<void> {
    this.#closed = true;
    this.#async.close();
    await this.#untilQuiet();
    await this.#pools.end(({ requestId }) => withoutRun(stopping(requestId)));
    this.#tunnel.close();
  }

  async #run(event: AsyncEvent): Promise<InvocationOutcome> {
    const { payload, clientContext, ...invocation } = event;
    const { functionName, requestId } = invocation;
    const pool = this.#pools.find(functionName);
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
      this.#stopsWaiting(payload);
      const { functionName: name } = pool.lambdaFunction;
      start = { ...invocation, functionName: name, payload, coldStart, startedAt: this.#options.clock.now() };
      this.#options.log.start(start);
    });
    if (start) this.#logEnd(start, result);
    else this.#stopsWaiting(payload);
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

  #stopsWaiting(payload: string): void {
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
}

function stopping(requestId: string) {
  return failure(requestId, 'ServiceException', 'The runtime is stopping and accepts no more invocations.');
}

/** The result of an invocation that never reached an environment. */
function withoutRun(outcome: InvocationOutcome): InvocationResult {
  return { outcome, durationMillis: 0, leftovers: {} };
}
