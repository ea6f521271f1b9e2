import type { FunctionInvoker, InvocationOutcome } from '../../../local/lambda/invocation';

export interface Call {
  /** From the event. */
  records: ReturnType<typeof JSON.parse>[];
  succeed(response?: unknown): void;
  fail(errorType?: string): void;
}

/** A function that responds as and when the test says. */
export class ScriptedFunction implements FunctionInvoker {
  readonly #calls: Call[] = [];
  readonly #waiting: ((call: Call) => void)[] = [];

  invoke(_: string, payload: string): Promise<InvocationOutcome> {
    return new Promise((resolve) => {
      const call: Call = {
        records: JSON.parse(payload).Records,
        succeed: (response = null) =>
          resolve({ kind: 'success', requestId: 'r', payload: JSON.stringify(response) }),
        fail: (errorType = 'Error') =>
          resolve({ kind: 'failure', requestId: 'r', errorType, errorMessage: '', payload: '{}' }),
      };
      const waiting = this.#waiting.shift();
      if (waiting) waiting(call);
      else this.#calls.push(call);
    });
  }

  invokeAsync(): undefined {
    throw new Error('Mappings wait for the outcome.');
  }

  call(): Promise<Call> {
    const call = this.#calls.shift();
    return call ? Promise.resolve(call) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  get openCount(): number {
    return this.#calls.length;
  }
}
