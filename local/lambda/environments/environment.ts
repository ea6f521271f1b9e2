/**
 * An execution environment of a function: runs one invocation at a time and freezes in between.
 */
import type { LambdaFunction } from '../../assembly/model';
import type { Clock } from '../../clock';
import type { Credentials } from '../../iam/identities';
import type { InvocationOutcome } from '../invocation';

/** Lambda's limit for the init phase. Anything longer counts against the function's own timeout. */
export const INIT_SECONDS = 10;

export interface Environment {
  /** False once it has ended or is about to end. It then takes no more invocations. */
  readonly isUsable: boolean;
  /** True until the handler is loaded and its first invocation runs. */
  readonly isLoading: boolean;
  /** Runs one invocation. Wait for its result before the next one. Never rejects. */
  run(invocation: Invocation): Promise<InvocationResult>;
  /** Whether `runNext` is possible now. */
  readonly canRunNext: boolean;
  /**
   * Runs an invocation right after the current one, without a pause. Calls `onBegin` when it begins. Never rejects. The
   * promise stays pending if the invocation is taken back.
   */
  runNext(invocation: Invocation, onBegin: () => void): Promise<InvocationResult>;
  /**
   * Takes back the invocation of `runNext`. Then no other one can follow the current one. False if it has begun.
   */
  takeBackNext(): boolean;
  /** Ends immediately, even in the middle of an invocation. */
  end(): Promise<void>;
}

/** Where Node.js functions run. Functions of other runtimes always run in processes. */
export type Isolation = 'thread' | 'process';

export interface Endpoint {
  host: string;
  port: number;
}

/** An endpoint, or a Unix domain socket. */
export type Address = Endpoint | { path: string };

/**
 * Where functions' connections to AWS's hosts go: to the address of the service (`dynamodb`) or of the host name, or
 * else to `endpoint`.
 */
export interface Endpoints {
  endpoint: Endpoint;
  services: Record<string, Address>;
}

export interface EnvironmentOptions {
  lambdaFunction: LambdaFunction;
  /** `$LATEST`, or the number of a published version. */
  version: string;
  region: string;
  /** The credentials with which the function signs its requests. @default the user's */
  credentials?: Credentials | undefined;
  endpoints: () => Endpoints;
  /** Variables with which a process reaches AWS's hosts on this machine. @default none */
  tunnel?(): Promise<Record<string, string>>;
  clock: Clock;
  onOutput(requestId: string, stream: 'stdout' | 'stderr', text: string): void;
  /** The thread or process has ended, for any reason. */
  onExit(): void;
}

export interface Invocation {
  requestId: string;
  /** JSON text. */
  payload: string;
  /** The alias or version that the caller used. @default the function itself */
  invokedFunctionArn?: string;
  /** JSON text, if the caller sent it. */
  clientContext?: string;
}

export interface InvocationResult {
  outcome: InvocationOutcome;
  durationMillis: number;
  initMillis?: number;
  detail?: string;
  leftovers: Record<string, number>;
}
