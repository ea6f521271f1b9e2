/** Calls the functions of Lambda authorizers, within API Gateway's time limit. */
import type { Clock } from '../clock';
import type { NameForPeople } from '../function-names';
import type { FunctionInvoker, InvocationOutcome } from '../lambda/invocation';
import type { Log } from '../log';

export interface AuthorizerCallsOptions {
  invoker: FunctionInvoker;
  clock: Clock;
  log: Log;
  nameOf: NameForPeople;
}

export interface AuthorizerCall {
  event: string;
  /** What the invocation is for, in the function's log. */
  subject: string;
  /** What is authorized, in the log: `a handshake`. */
  what: string;
  timeoutMillis: number;
}

export class AuthorizerCalls {
  readonly #options: AuthorizerCallsOptions;

  constructor(options: AuthorizerCallsOptions) {
    this.#options = options;
  }

  call(
    { functionName, qualifier }: { functionName: string; qualifier?: string },
    { event, subject, what, timeoutMillis }: AuthorizerCall,
  ): Promise<InvocationOutcome | 'timedOut'> {
    const { invoker, clock, log, nameOf } = this.#options;
    const target = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
    return new Promise((resolve, reject) => {
      const alarm = clock.after(timeoutMillis, () => {
        log.warn(
          `${nameOf(functionName)} did not authorize ${what} within ${timeoutMillis} ms. It keeps running.`,
        );
        resolve('timedOut');
      });
      invoker
        .invoke(target, event, subject)
        .finally(() => alarm.cancel())
        .then(resolve, reject);
    });
  }
}
