/** How much of the machine the function host may use. */
import { availableParallelism } from 'node:os';

export interface HostLimits {
  /** Threads of one function that run in parallel. */
  environmentsPerFunction: number;
  /** Threads of all functions, including idle ones. */
  environments: number;
  /** The same when long invocations hold every thread of a function. */
  environmentsUnderStall: number;
  /** How long an event waits for a thread that is at work before one more is started, which takes longer than this. */
  startMillis: number;
  /** How long nothing may finish before one more thread is started. */
  stallMillis: number;
  /** How long an environment waits for an event before it is ended. */
  idleMillis: number;
  /**
   * How many invocations may wait, and how large their payloads may be together. More are refused, as Lambda
   * throttles.
   */
  waitingInvocations: number;
  waitingPayloadCharacters: number;
  /**
   * How many asynchronous events may be unfinished, and how large they may be together. More are refused in the same
   * way.
   */
  asynchronousEvents: number;
  asynchronousPayloadCharacters: number;
  /** How long running and waiting invocations may take when the host closes. */
  closeMillis: number;
}

export function defaultLimits(cores = availableParallelism()): HostLimits {
  return {
    // More than the number of cores would only compete for them. The stall handles invocations that wait.
    environmentsPerFunction: Math.max(3, cores + 1),
    environments: Math.max(16, 4 * cores),
    environmentsUnderStall: Math.max(64, 8 * cores),
    startMillis: 20,
    stallMillis: 250,
    idleMillis: 5 * 60_000,
    waitingInvocations: 20_000,
    waitingPayloadCharacters: 128 * 1024 * 1024,
    // Lambda's own queue has no such bound, but this one is in the memory of one process.
    asynchronousEvents: 20_000,
    asynchronousPayloadCharacters: 128 * 1024 * 1024,
    closeMillis: 3_000,
  };
}
