/** The environments of one version of a function, and a queue of the invocations that wait for one. */
import type { LambdaFunction } from '../../assembly/model';
import type { Clock } from '../../clock';
import type { FunctionFaults } from '../../faults/function-faults';
import type { HostLimits } from '../host-limits';
import type { Environment, EnvironmentOptions, Invocation, InvocationResult, Isolation } from './environment';
import { IdleEnvironments } from './idle-environments';
import { Patience } from './patience';
import { ProcessEnvironment } from './process-environment';
import { Roster } from './roster';
import { ThreadEnvironment } from './thread-environment';
import { type WaitingInvocation, WaitingInvocations } from './waiting-invocations';

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

export class EnvironmentPool {
  readonly #host: PoolHost;
  #function: LambdaFunction;
  readonly #roster = new Roster();
  readonly #idle: IdleEnvironments;
  readonly #waiting = new WaitingInvocations();
  /** Before another environment is started although one is busy. */
  readonly #patienceToStart: Patience;
  /** Before an idle environment is taken although a busy one usually finishes in a moment. */
  readonly #patienceToSpread: Patience;
  /** Before one more environment is started because no invocation finishes. */
  readonly #patienceInStall: Patience;
  /** The average duration of the last invocations. */
  #usualMillis: number | undefined;

  constructor(
    host: PoolHost,
    lambdaFunction: LambdaFunction,
    readonly version: string,
  ) {
    this.#host = host;
    this.#function = lambdaFunction;
    const { startMillis, spreadMillis, stallMillis, idleMillis } = host.limits;
    this.#idle = new IdleEnvironments(host.clock, idleMillis);
    this.#patienceToStart = new Patience(host.clock, startMillis, () => this.pump());
    this.#patienceToSpread = new Patience(host.clock, spreadMillis, () => this.pump());
    this.#patienceInStall = new Patience(host.clock, stallMillis, () => this.#startUnderStall());
  }

  get lambdaFunction(): LambdaFunction {
    return this.#function;
  }

  /** Running threads, including those about to end. */
  get threadCount(): number {
    return this.#roster.count;
  }

  /** When an environment last became idle, by the clock; undefined if none is idle. */
  get restsSince(): number | undefined {
    return this.#idle.restsSince;
  }

  /** Running threads that are not about to end. */
  get usableCount(): number {
    return this.#roster.usableCount;
  }

  /** Calls `onStart` when an environment takes the invocation. */
  run(invocation: Invocation, onStart: (coldStart: boolean) => void): Promise<InvocationResult> {
    return new Promise((resolve) => {
      this.#waiting.add({ invocation, onStart, resolve });
      this.pump();
    });
  }

  /** Gives waiting invocations to environments, and starts environments within the limits. */
  pump(): void {
    while (this.#waiting.count > 0) {
      const environment = this.#takeFresh() ?? (this.#idle.count > 0 ? this.#takeIdle() : this.#startNow());
      if (!environment) break;
      this.#dispatch(environment.environment, environment.coldStart);
    }
    this.#lineUp();
    this.#watchTheTime();
  }

  /**
   * Waits a moment for a busy environment first. Otherwise, a client that sends again as soon as it has its answer
   * would start a second environment, and both would run code that is not optimized yet. Asks for room only when it
   * starts one, because that may end an environment of another function.
   */
  #startNow() {
    if (this.#roster.workingCount > 0 && !this.#patienceToStart.isOver) {
      this.#patienceToStart.begin();
      return undefined;
    }
    return this.#mayStart() ? this.#start() : undefined;
  }

  /** Later invocations run the new code; running ones finish with the old. */
  replace(lambdaFunction: LambdaFunction): void {
    this.#function = lambdaFunction;
    this.#roster.outdate();
    for (const environment of this.#roster.all()) this.#waiting.takeBackFrom(environment);
    while (this.endAnIdle()) {}
  }

  /** Ends the idle environment that was started last. False if none is idle. */
  endAnIdle(): boolean {
    return this.#idle.endYoungest();
  }

  /** Fails waiting invocations with `resultOf`, and ends the threads: busy ones after their invocations. */
  retire(resultOf: (invocation: Invocation) => InvocationResult): void {
    for (let waiting = this.#waiting.take(); waiting; waiting = this.#waiting.take())
      waiting.resolve(resultOf(waiting.invocation));
    this.#watchTheTime();
    this.replace(this.#function);
  }

  /** Ends every thread immediately, busy or not. */
  async end(): Promise<void> {
    await Promise.all(this.#roster.all().map((environment) => environment.end()));
  }

  /** A new environment, if a fault requires a cold start and there is room. */
  #takeFresh() {
    if (this.#idle.count === 0 || !this.#host.faults?.startsCold(this.#function)) return undefined;
    this.endAnIdle();
    return this.#mayStart() ? this.#start() : undefined;
  }

  /**
   * Waits a moment too, but only for environments that have run for most of their usual time. Events that arrive at
   * the same time run concurrently, as on Lambda.
   */
  #takeIdle() {
    if (!this.#patienceToSpread.isOver && this.#countSoonDone() >= this.#waiting.count) {
      this.#patienceToSpread.begin();
      return undefined;
    }
    const environment = this.#idle.takeOldest();
    return environment && { environment, coldStart: false };
  }

  /** The busy environments that are near the end of their invocation, if the function is usually quick. */
  #countSoonDone(): number {
    const { spreadMillis, soonDone } = this.#host.limits;
    if (this.#usualMillis === undefined || this.#usualMillis >= spreadMillis) return 0;
    return this.#roster.countBusyFor(soonDone * this.#usualMillis);
  }

  #mayStart(): boolean {
    const { environmentsPerFunction, environments, environmentsUnderStall } = this.#host.limits;
    const hasRoom = this.#roster.count < environmentsPerFunction && this.#host.makeRoom(environments);
    // A function may always have one environment, so that functions that call each other do not block.
    return hasRoom || (this.#roster.count === 0 && this.#host.makeRoom(environmentsUnderStall));
  }

  #start() {
    const isThread = this.#host.isolation === 'thread' && this.#function.runtime.startsWith('nodejs');
    const Kind = isThread ? ThreadEnvironment : ProcessEnvironment;
    const environment: Environment = new Kind({
      ...this.#host.environmentOptions(this.#function),
      version: this.version,
      onExit: () => this.#environmentOnExit(environment),
    });
    this.#roster.add(environment);
    return { environment, coldStart: true };
  }

  #dispatch(environment: Environment, coldStart: boolean): void {
    const waiting = this.#waiting.take();
    if (!waiting) {
      // A busy environment has started the last one in the meantime.
      this.#rest(environment);
      return;
    }
    const { invocation } = waiting;
    const { faults } = this.#host;
    waiting.onStart(coldStart);
    const running = faults
      ? faults.run(environment, invocation, this.#function)
      : environment.run(invocation);
    this.#follow(environment, waiting, running);
  }

  /** Lets a busy environment run a waiting invocation right after its current one. */
  #lineUp(): void {
    if (this.#waiting.count === 0 || this.#host.faults?.areOn) return;
    const next = this.#roster.findForNext();
    if (next) this.#waiting.lineUp(next, (waiting, result) => this.#follow(next, waiting, result));
  }

  #follow(environment: Environment, waiting: WaitingInvocation, running: Promise<InvocationResult>): void {
    this.#roster.begins(environment, waiting, this.#host.faults?.areOn === true);
    void running.then((result) => {
      this.#usualMillis = averaged(this.#usualMillis, result.durationMillis);
      this.#patienceInStall.end();
      if (this.#roster.ends(environment, waiting)) this.#rest(environment);
      this.pump();
      if (this.#idle.count > 0) this.#host.roomChanged();
      waiting.resolve(result);
    });
  }

  #rest(environment: Environment): void {
    if (!environment.isUsable) this.#waiting.takeBackFrom(environment);
    else if (this.#roster.isOutdated(environment)) void environment.end();
    else this.#idle.add(environment, this.#roster.orderOf(environment));
  }

  #environmentOnExit(environment: Environment): void {
    this.#roster.remove(environment);
    this.#waiting.takeBackFrom(environment);
    this.pump();
    this.#host.roomChanged();
  }

  #watchTheTime(): void {
    if (this.#waiting.count > 0) this.#patienceInStall.begin();
    else {
      this.#patienceInStall.end();
      this.#patienceToStart.end();
      this.#patienceToSpread.end();
    }
  }

  /**
   * If nothing finishes for a while, all environments are busy with long invocations, such as a function that waits for
   * messages or for another function. Then starts one more, and so on, up to a higher limit, which does not apply to a
   * function's first environment. Starts none while another is loading, which would only slow down a busy machine.
   */
  #startUnderStall(): void {
    const hasRoom = () =>
      this.#host.makeRoom(this.#host.limits.environmentsUnderStall) || this.#roster.count === 0;
    if (this.#waiting.count > 0 && !this.#roster.isAnyLoading && hasRoom()) {
      const { environment, coldStart } = this.#start();
      this.#dispatch(environment, coldStart);
    }
    this.#watchTheTime();
  }
}

/** The average covers about this many invocations. */
const AVERAGED = 8;

function averaged(average: number | undefined, next: number): number {
  return average === undefined ? next : average + (next - average) / AVERAGED;
}
