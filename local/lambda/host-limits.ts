/** How much of the machine the function host may use. */
import { availableParallelism } from 'node:os';

export interface HostLimits {
  /** Threads of one function that work side by side. */
  environmentsPerFunction: number;
  /** Threads of all functions, those at rest included. */
  environments: number;
  /** The same, once every thread of a function is held by a long invocation. */
  environmentsUnderStall: number;
  /** How long nothing may come to its end before one more thread is started. */
  stallMillis: number;
  /** How long an environment waits for an event before it is ended. */
  idleMillis: number;
  /** Invocations that wait, and what their payloads may hold together: more are refused, as Lambda throttles. */
  waitingInvocations: number;
  waitingPayloadCharacters: number;
  /** Asynchronous events that have not come to their end, and what they may hold together: more are refused in the same way. */
  asynchronousEvents: number;
  asynchronousPayloadCharacters: number;
  /** How long running and waiting invocations may take once the host closes. */
  closeMillis: number;
}

export function defaultLimits(cores = availableParallelism()): HostLimits {
  return {
    // More than the cores can run only compete for them; those that wait in the middle are what the stall is for.
    environmentsPerFunction: Math.max(3, cores + 1),
    environments: Math.max(16, 4 * cores),
    environmentsUnderStall: Math.max(64, 8 * cores),
    stallMillis: 250,
    idleMillis: 5 * 60_000,
    waitingInvocations: 20_000,
    waitingPayloadCharacters: 128 * 1024 * 1024,
    // Lambda's own queue has no such bound; this one lives in the memory of one process.
    asynchronousEvents: 20_000,
    asynchronousPayloadCharacters: 128 * 1024 * 1024,
    closeMillis: 3_000,
  };
}
