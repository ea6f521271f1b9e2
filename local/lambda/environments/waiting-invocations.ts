/**
 * The invocations of a pool that wait for an environment, in order. The first one may already be lined up behind the
 * current invocation of a busy environment, which saves a round trip between its thread and this one.
 */
import type { Environment, Invocation, InvocationResult } from './environment';

export interface WaitingInvocation {
  readonly invocation: Invocation;
  onStart(coldStart: boolean): void;
  resolve(result: InvocationResult): void;
}

export class WaitingInvocations {
  readonly #waiting: WaitingInvocation[] = [];
  /** The environment that runs the first one next. */
  #next: Environment | undefined;

  get count(): number {
    return this.#waiting.length;
  }

  add(waiting: WaitingInvocation): void {
    this.#waiting.push(waiting);
  }

  /** Removes and returns the one that has waited longest. Undefined if none is left that has not begun. */
  take(): WaitingInvocation | undefined {
    const [first] = this.#waiting;
    if (first && this.#next?.takeBackNext() === false) this.#hasBegun(first);
    this.#next = undefined;
    return this.#waiting.shift();
  }

  /**
   * Lines the first one up behind the current invocation of this environment, unless it is behind another one. Calls
   * `onBegin` when it has begun.
   */
  lineUp(environment: Environment, onBegin: OnBegin): void {
    const [first] = this.#waiting;
    if (!first || this.#next) return;
    this.#next = environment;
    const result = environment.runNext(first.invocation, () => {
      this.#hasBegun(first);
      onBegin(first, result);
    });
  }

  /** Lets the one that is lined up behind this environment wait for any other one, unless it has begun. */
  takeBackFrom(environment: Environment): void {
    if (this.#next === environment && environment.takeBackNext()) this.#next = undefined;
  }

  /** Called a second time if `take` was faster than the report of the environment. */
  #hasBegun(first: WaitingInvocation): void {
    if (this.#waiting[0] !== first) return;
    this.#next = undefined;
    this.#waiting.shift();
    first.onStart(false);
  }
}

type OnBegin = (waiting: WaitingInvocation, result: Promise<InvocationResult>) => void;
