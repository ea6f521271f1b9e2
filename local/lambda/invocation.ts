/** How the rest of the runtime runs a function: AWS's two invocation types, as the Invoke API has them. */
export interface FunctionInvoker {
  /**
   * `RequestResponse`: runs the function once and answers with what came of it. Never rejects for what the function did.
   * `subject` says in the log what it is for.
   */
  invoke(functionName: string, payload: string, subject?: string): Promise<InvocationOutcome>;
  /**
   * `Event`: queues the function and returns; tried again after 1 and 2 minutes, with the same request id. Where too many events
   * wait already, it is refused with a line in the log.
   */
  invokeAsync(functionName: string, payload: string): void;
}

export type InvocationOutcome =
  /** `payload` is the JSON text of what the handler returned; `null` when it returned nothing. */
  | { kind: 'success'; requestId: string; payload: string }
  /** The handler threw, timed out, or its process ended. `payload` is Lambda's JSON error record. */
  | { kind: 'failure'; requestId: string; errorType: string; errorMessage: string; payload: string };
