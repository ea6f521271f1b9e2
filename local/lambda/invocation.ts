/** How the rest of the runtime runs a function: with AWS's two invocation types, as in the Invoke API. */
export interface FunctionInvoker {
  /**
   * `RequestResponse`: runs the function once and returns the result. Never rejects because of the function.
   * `subject` says in the log what it is for.
   */
  invoke(functionName: string, payload: string, subject?: string): Promise<InvocationOutcome>;
  /**
   * `Event`: queues the invocation and returns. Retried after 1 and 2 minutes, with the same request id. If too many
   * events are waiting, it is refused, and this is logged.
   */
  invokeAsync(functionName: string, payload: string): void;
}

export type InvocationOutcome =
  /** `payload` is the JSON text of the handler's result; `null` if it returned nothing. */
  | { kind: 'success'; requestId: string; payload: string }
  /** The handler threw or timed out, or its process ended. `payload` is Lambda's JSON error record. */
  | { kind: 'failure'; requestId: string; errorType: string; errorMessage: string; payload: string };
