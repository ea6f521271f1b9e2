/** The invocation that an environment runs: its time limit, and its times for the report. */
import { performance } from 'node:perf_hooks';
import type { Alarm } from '../../clock';
import { timedOut } from '../failure';
import type { InvocationOutcome } from '../invocation';
import { type EnvironmentOptions, INIT_SECONDS, type Invocation, type InvocationResult } from './environment';

/** A result without the fields that are added here. */
export type Finish = Partial<InvocationResult> & { outcome: InvocationOutcome };

export interface RunningInvocationOptions {
  environment: EnvironmentOptions;
  /** Whether the handler is not loaded yet. Loading has a time limit of its own. */
  isLoading: boolean;
  onTimeout(): void;
}

export class RunningInvocation {
  readonly invocation: Invocation;
  readonly result: Promise<InvocationResult>;
  readonly #options: RunningInvocationOptions;
  #resolve: (result: InvocationResult) => void = () => undefined;
  #since = performance.now();
  #initMillis: number | undefined;
  #alarm: Alarm;

  constructor(invocation: Invocation, options: RunningInvocationOptions) {
    this.invocation = invocation;
    this.#options = options;
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#alarm = this.#timeoutAfter(this.#timeoutSeconds + (options.isLoading ? INIT_SECONDS : 0));
  }

  get requestId(): string {
    return this.invocation.requestId;
  }

  /** The handler is loaded: from now on, the function's own timeout counts. */
  handlerStarts(environmentStartedAt: number): void {
    this.#alarm.cancel();
    this.#alarm = this.#timeoutAfter(this.#timeoutSeconds);
    this.#since = performance.now();
    this.#initMillis = this.#since - environmentStartedAt;
  }

  finish(result: Finish): void {
    this.#alarm.cancel();
    this.#resolve({
      durationMillis: performance.now() - this.#since,
      leftovers: {},
      ...(this.#initMillis === undefined ? {} : { initMillis: this.#initMillis }),
      ...result,
    });
  }

  /** What Lambda reports when the time is up. */
  timeout(): Finish {
    const { requestId } = this;
    const at = new Date(this.#options.environment.clock.now()).toISOString();
    return {
      outcome: timedOut(requestId, this.#timeoutSeconds),
      detail: `${at} ${requestId} Task timed out after ${this.#timeoutSeconds.toFixed(2)} seconds`,
      durationMillis: this.#timeoutSeconds * 1000,
    };
  }

  get #timeoutSeconds(): number {
    return this.#options.environment.lambdaFunction.timeoutSeconds;
  }

  #timeoutAfter(seconds: number): Alarm {
    const { environment, onTimeout } = this.#options;
    return environment.clock.after(seconds * 1000, () => onTimeout());
  }
}
