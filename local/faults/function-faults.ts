/** The faults of functions: they crash, freeze, start cold and are throttled. */
import type { LambdaFunction } from '../assembly/model';
import type { Clock } from '../clock';
import type { Environment, Invocation, InvocationResult } from '../lambda/environments/environment';
import { exited, timedOut } from '../lambda/failure';
import type { Faults } from './faults';

const ENVIRONMENT_FAULTS = ['function-cold', 'function-crash', 'function-freeze'] as const;

export class FunctionFaults {
  readonly #faults: Faults;
  readonly #clock: Clock;

  constructor(faults: Faults, clock: Clock) {
    this.#faults = faults;
    this.#clock = clock;
  }

  /** Whether a fault may strike an invocation that has been admitted. */
  get areOn(): boolean {
    return ENVIRONMENT_FAULTS.some((name) => this.#faults.isOn(name));
  }

  throttles(functionName: string): boolean {
    return this.#faults.strikes('function-throttled', functionName);
  }

  /** Whether the next invocation gets a new environment. */
  startsCold({ functionName }: LambdaFunction): boolean {
    return this.#faults.strikes('function-cold', functionName);
  }

  /** Runs an invocation, unless a fault prevents it. */
  async run(
    environment: Environment,
    invocation: Invocation,
    { functionName, timeoutSeconds }: LambdaFunction,
  ): Promise<InvocationResult> {
    const { requestId } = invocation;
    if (this.#faults.strikes('function-freeze', functionName)) {
      const durationMillis = timeoutSeconds * 1000;
      await new Promise<void>((resolve) => this.#clock.after(durationMillis, resolve));
      await environment.end();
      return { outcome: timedOut(requestId, timeoutSeconds), durationMillis, leftovers: {} };
    }
    if (this.#faults.strikes('function-crash', functionName)) {
      const runsFirst = this.#faults.random('function-crash') < 0.5;
      const result = runsFirst ? await environment.run(invocation) : { durationMillis: 0, leftovers: {} };
      await environment.end();
      return { ...result, outcome: exited(requestId, 'exit status 1') };
    }
    return environment.run(invocation);
  }
}
