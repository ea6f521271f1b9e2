/** How the rest of the runtime invokes functions: with the two invocation types of Lambda's Invoke API. */
export interface FunctionInvoker {
  /**
   * `RequestResponse`: runs the function once and returns the result. Never rejects because of the function.
   * @param subject what the invocation is for, in the log
   */
  invoke(functionName: string, payload: string, subject?: string): Promise<InvocationOutcome>;
  /**
   * `Event`: queues the event and returns. A failed invocation is retried after 1 and 2 minutes with the same request
   * id. If too many events are waiting, the event is dropped and this is logged.
   */
  invokeAsync(functionName: string, payload: string): void;
}

export type InvocationOutcome =
  /** `payload` is the handler's result as JSON text: `null` if it returned nothing. */
  | { kind: 'success'; requestId: string; payload: string }
  /** The handler threw or timed out, or its environment ended. `payload` is Lambda's error record as JSON text. */
  | { kind: 'failure'; requestId: string; errorType: string; errorMessage: string; payload: string };
