/** The environments of one version of a function, and a queue of the invocations that wait for one. */
import type { LambdaFunction } from '../assembly/model';
import type { Alarm, Clock } from '../clock';
import type { FunctionFaults } from '../faults/function-faults';
import type { Environment, EnvironmentOptions, Invocation, InvocationResult, Isolation } from './environment';
import type { HostLimits } from './host-limits';
import { IdleEnvironments } from './idle-environments';
import { Patience } from './patience';
import { ProcessEnvironment } from './process-environment';
import { ThreadEnvironment } from './thread-environment';

/** What the pools of all functions share. */
export interface PoolHost {
  readonly clock: Clock;
  readonly limits: HostLimits;
  /** For Node.js functions. */
  readonly isolation: Isolation;
  readonly faults?: FunctionFaults | undefined;
  /**
   * Whether there is room for one more environment, which must then be started. May end an idle one of another
   * function.
   */
  makeRoom(most: number): boolean;
  /**
   * An environment has become idle or has ended: other pools may now have room, or there may be too many idle ones.
   */
  roomChanged(): void;
  environmentOptions(lambdaFunction: LambdaFunction): Omit<EnvironmentOptions, 'version' | 'onExit'>;
}

interface Waiting {
  invocation: Invocation;
  onStart(coldStart: boolean): void;
  resolve(result: InvocationResult): void;
}

export class EnvironmentPool {
  readonly #host: PoolHost;
  #function: LambdaFunction;
  /** Counts changes of the code. An environment with older code takes no more events. */
  #generation = 0;
  readonly #threads = new Map<Environment, { generation: number; order: number; busySince: number }>();
  #startedCount = 0;
  readonly #idle: IdleEnvironments;
  readonly #waiting: Waiting[] = [];
  #stall: Alarm | undefined;
  /** Before another environment is started although one is busy. */
  readonly #patienceToStart: Patience;
  /** Before an idle environment is taken although a busy one usually finishes in a moment. */
  readonly #patienceToSpread: Patience;
  /** The average duration of the last invocations. */
  #usualMillis: number | undefined;

  constructor(
    host: PoolHost,
    lambdaFunction: LambdaFunction,
    readonly version: string,
  ) {
    this.#host = host;
    this.#function = lambdaFunction;
    const { startMillis, spreadMillis, idleMillis } = host.limits;
    this.#idle = new IdleEnvironments(host.clock, idleMillis);
    this.#patienceToStart = new Patience(host.clock, startMillis, () => this.pump());
    this.#patienceToSpread = new Patience(host.clock, spreadMillis, () => this.pump());
  }

  get lambdaFunction(): LambdaFunction {
    return this.#function;
  }

  /** Running threads, including those about to end. */
  get threadCount(): number {
    return this.#threads.size;
  }

  /** When an environment last became idle, by the clock; undefined if none is idle. */
  get restsSince(): number | undefined {
    return this.#idle.restsSince;
  }

  /** Running threads that are not about to end. */
  get usableCount(): number {
    return [...this.#threads.keys()].filter(({ isUsable }) => isUsable).length;
  }

  /** Calls `onStart` when an environment takes the invocation. */
  run(invocation: Invocation, onStart: (coldStart: boolean) => void): Promise<InvocationResult> {
    return new Promise((resolve) => {
      this.#waiting.push({ invocation, onStart, resolve });
      this.pump();
    });
  }

  /** Gives waiting invocations to environments, and starts environments within the limits. */
  pump(): void {
    while (this.#waiting.length > 0) {
      const environment = this.#takeFresh() ?? (this.#idle.count > 0 ? this.#takeIdle() : this.#startNow());
      if (!environment) break;
      this.#dispatch(environment.environment, environment.coldStart);
    }
    this.#watchForStall();
  }

  /**
   * Waits a moment for a busy environment first. Otherwise, a client that sends again as soon as it has its answer
   * would start a second environment, and both would run code that is not optimized yet. Asks for room only when it
   * starts one, because that may end an environment of another function.
   */
  #startNow() {
    if (this.#countAtWork() > 0 && !this.#patienceToStart.isOver) {
      this.#patienceToStart.begin();
      return undefined;
    }
    return this.#mayStart() ? this.#start() : undefined;
  }

  /** Later invocations run the new code; running ones finish with the old. */
  replace(lambdaFunction: LambdaFunction): void {
    this.#function = lambdaFunction;
    this.#generation += 1;
    while (this.endAnIdle()) {}
  }

  /** Ends the idle environment that was started last. False if none is idle. */
  endAnIdle(): boolean {
    return this.#idle.endYoungest();
  }

  /** Fails waiting invocations with `resultOf`, and ends the threads: busy ones after their invocations. */
  retire(resultOf: (invocation: Invocation) => InvocationResult): void {
    for (const { invocation, resolve } of this.#waiting.splice(0)) resolve(resultOf(invocation));
    this.#watchForStall();
    this.replace(this.#function);
  }

  /** Ends every thread immediately, busy or not. */
  async end(): Promise<void> {
    await Promise.all([...this.#threads.keys()].map((environment) => environment.end()));
  }

  /** A new environment, if a fault requires a cold start and there is room. */
  #takeFresh() {
    if (this.#idle.count === 0 || !this.#host.faults?.startsCold(this.#function)) return undefined;
    this.endAnIdle();
    return this.#mayStart() ? this.#start() : undefined;
  }

  /**
   * Waits a moment too, but only for environments that have run for most of their usual time. Events that come at the
   * same time run side by side, as on Lambda.
   */
  #takeIdle() {
    if (!this.#patienceToSpread.isOver && this.#countSoonDone() >= this.#waiting.length) {
      this.#patienceToSpread.begin();
      return undefined;
    }
    const environment = this.#idle.takeOldest();
    return environment && { environment, coldStart: false };
  }

  /** Environments that have loaded their code and run an invocation. */
  #countAtWork(): number {
    if (this.#threads.size === this.#idle.count) return 0;
    let count = -this.#idle.count;
    for (const { isUsable, isLoading } of this.#threads.keys()) {
      if (isUsable && !isLoading) count += 1;
    }
    return count;
  }

  /** Those of them that are near the end of their invocation, if the function is usually quick. */
  #countSoonDone(): number {
    const { spreadMillis, soonDone } = this.#host.limits;
    if (this.#usualMillis === undefined || this.#usualMillis >= spreadMillis) return 0;
    const latest = performance.now() - soonDone * this.#usualMillis;
    let count = 0;
    for (const [{ isUsable, isLoading }, { busySince }] of this.#threads) {
      if (busySince <= latest && isUsable && !isLoading) count += 1;
    }
    return count;
  }

  #mayStart(): boolean {
    const { environmentsPerFunction, environments, environmentsUnderStall } = this.#host.limits;
    const hasRoom = this.#threads.size < environmentsPerFunction && this.#host.makeRoom(environments);
    // A function may always have one environment, so that functions that call each other do not block.
    return hasRoom || (this.#threads.size === 0 && this.#host.makeRoom(environmentsUnderStall));
  }

  #mayStartUnderStall(): boolean {
    return this.#host.makeRoom(this.#host.limits.environmentsUnderStall) || this.#threads.size === 0;
  }

  #start() {
    const isThread = this.#host.isolation === 'thread' && this.#function.runtime.startsWith('nodejs');
    const Kind = isThread ? ThreadEnvironment : ProcessEnvironment;
    const environment: Environment = new Kind({
      ...this.#host.environmentOptions(this.#function),
      version: this.version,
      onExit: () => this.#environmentOnExit(environment),
    });
    this.#threads.set(environment, {
      generation: this.#generation,
      order: this.#startedCount++,
      busySince: Number.POSITIVE_INFINITY,
    });
    return { environment, coldStart: true };
  }

  #dispatch(environment: Environment, coldStart: boolean): void {
    const waiting = this.#waiting.shift();
    if (!waiting) return;
    waiting.onStart(coldStart);
    const thread = this.#threads.get(environment);
    if (thread) thread.busySince = performance.now();
    const { invocation } = waiting;
    const { faults } = this.#host;
    const ended = faults ? faults.run(environment, invocation, this.#function) : environment.run(invocation);
    void ended.then((result) => {
      this.#usualMillis = averaged(this.#usualMillis, result.durationMillis);
      this.#release(environment);
      waiting.resolve(result);
    });
  }

  #release(environment: Environment): void {
    this.#stall?.cancel();
    this.#stall = undefined;
    const thread = this.#threads.get(environment);
    if (thread) thread.busySince = Number.POSITIVE_INFINITY;
    const { generation, order = 0 } = thread ?? {};
    if (environment.isUsable && generation === this.#generation) {
      this.#idle.add(environment, order);
    } else if (environment.isUsable) {
      void environment.end();
    }
    this.pump();
    if (this.#idle.count > 0) this.#host.roomChanged();
  }

  #environmentOnExit(environment: Environment): void {
    this.#threads.delete(environment);
    this.pump();
    this.#host.roomChanged();
  }

  /**
   * If nothing finishes for a while, all environments are busy with long invocations, such as a function that waits for
   * messages or for another function. Then starts one more, and so on, up to a higher limit, which does not apply to a
   * function's first environment. Starts none while another is loading, which would only slow down a busy machine.
   */
  #watchForStall(): void {
    if (this.#waiting.length === 0) {
      this.#stall?.cancel();
      this.#stall = undefined;
      this.#patienceToStart.end();
      this.#patienceToSpread.end();
      return;
    }
    this.#stall ??= this.#host.clock.after(this.#host.limits.stallMillis, () => {
      this.#stall = undefined;
      const isLoading = [...this.#threads.keys()].some((environment) => environment.isLoading);
      if (this.#waiting.length > 0 && !isLoading && this.#mayStartUnderStall()) {
        const { environment, coldStart } = this.#start();
        this.#dispatch(environment, coldStart);
      }
      this.#watchForStall();
    });
  }
}

/** The average covers about this many invocations. */
const AVERAGED = 8;

function averaged(average: number | undefined, next: number): number {
  return average === undefined ? next : average + (next - average) / AVERAGED;
}
