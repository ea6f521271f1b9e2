/** Failures of an invocation that the function's code cannot report itself, in Lambda's words. */
import type { InvocationOutcome } from './invocation';

export type FailedInvocation = Extract<InvocationOutcome, { kind: 'failure' }>;

/** 6 MB and 100 bytes, as in Lambda's own error message. */
export const MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100;

/** The error type of an invocation for which there was no room. The Invoke API answers it with 429. */
export const TOO_MANY_REQUESTS = 'TooManyRequestsException';

export function failure(requestId: string, errorType: string, errorMessage: string): FailedInvocation {
  const payload = JSON.stringify({ errorType, errorMessage });
  return { kind: 'failure', requestId, errorType, errorMessage, payload };
}

export function timedOut(requestId: string, timeoutSeconds: number): FailedInvocation {
  const message = `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
  return failure(requestId, 'Sandbox.Timedout', message);
}

/**
 * `how` in Lambda's words: `exit status 1`, `signal: killed`. Without it, the process ended normally, but without a
 * response.
 */
export function exited(requestId: string, how: string | undefined): FailedInvocation {
  const reason =
    how === undefined ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${how}`;
  return failure(requestId, 'Runtime.ExitError', `RequestId: ${requestId} Error: ${reason}`);
}

export function responseTooLarge(requestId: string): FailedInvocation {
  return failure(
    requestId,
    'Function.ResponseSizeTooLarge',
    `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
  );
}
