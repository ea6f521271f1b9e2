/** The limits of the function host. */
import { availableParallelism } from 'node:os';

export interface HostLimits {
  /** Environments of one function. */
  environmentsPerFunction: number;
  /** Environments of all functions, including idle ones. */
  environments: number;
  /** The limit for all functions while long invocations keep environments busy. */
  environmentsUnderStall: number;
  /** How long an event waits for a busy environment before another one is started. */
  startMillis: number;
  /** The same before an idle one is taken, if the function's invocations are usually shorter than this. */
  spreadMillis: number;
  /** The part of its usual time after which an environment counts as soon done. */
  soonDone: number;
  /** How long no invocation may finish before one more environment is started. */
  stallMillis: number;
  /** How long an environment waits for an event before it is ended, unless no other one of its function is idle. */
  idleMillis: number;
  /**
   * How many invocations may wait, and the total size of their payloads. More are throttled, as by Lambda.
   */
  waitingInvocations: number;
  waitingPayloadCharacters: number;
  /**
   * How many asynchronous events may be unfinished, and their total size. More are throttled.
   */
  asynchronousEvents: number;
  asynchronousPayloadCharacters: number;
  /** How long running and waiting invocations may take when the host closes. */
  closeMillis: number;
}

export function defaultLimits(cores = availableParallelism()): HostLimits {
  return {
    // More than the cores would only compete for them. `stallMillis` helps invocations that wait.
    environmentsPerFunction: Math.max(3, cores + 1),
    environments: Math.max(16, 4 * cores),
    environmentsUnderStall: Math.max(64, 8 * cores),
    startMillis: 20,
    spreadMillis: 5,
    soonDone: 0.25,
    stallMillis: 250,
    idleMillis: 15_000,
    waitingInvocations: 20_000,
    waitingPayloadCharacters: 128 * 1024 * 1024,
    // Lambda has no such limit, but this queue is in the memory of one process.
    asynchronousEvents: 20_000,
    asynchronousPayloadCharacters: 128 * 1024 * 1024,
    closeMillis: 3_000,
  };
}
