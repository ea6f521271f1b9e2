/** An execution environment of a function, as the pool sees it: it runs one invocation at a time and stands still in between. */
import type { LambdaFunction } from '../assembly/model';
import type { Clock } from '../clock';
import type { Credentials } from '../iam/identities';
import type { InvocationOutcome } from './invocation';

/** What Lambda allows the init phase; what is over it counts against the function's own timeout. */
export const INIT_SECONDS = 10;

export interface Environment {
  /** False once it has ended or is about to: it takes no more invocations. */
  readonly isUsable: boolean;
  /** True until the handler is loaded: then its first invocation runs. */
  readonly isLoading: boolean;
  /** Runs one invocation; the next one may come only after its result. Never rejects. */
  run(invocation: Invocation): Promise<InvocationResult>;
  /** Ends it at once, whatever it does. */
  end(): Promise<void>;
}

/** Where Node.js functions run; functions of other runtimes always run in processes. */
export type Isolation = 'thread' | 'process';

export interface Endpoint {
  host: string;
  port: number;
}

/** An endpoint, or a Unix domain socket. */
export type Address = Endpoint | { path: string };

/** Where connections to AWS's hosts go: by the service's label in the host (`dynamodb`), or by the name of a host, else to `endpoint`. */
export interface Endpoints {
  endpoint: Endpoint;
  services: Record<string, Address>;
}

export interface EnvironmentOptions {
  lambdaFunction: LambdaFunction;
  /** `$LATEST`, or the number of a published one. */
  version: string;
  region: string;
  /** By which the function signs its requests. @default those of people */
  credentials?: Credentials | undefined;
  endpoints: () => Endpoints;
  clock: Clock;
  onOutput(requestId: string, stream: 'stdout' | 'stderr', text: string): void;
  /** The thread or the process has ended, for whatever reason. */
  onExit(): void;
}

export interface Invocation {
  requestId: string;
  /** JSON text. */
  payload: string;
  /** By which the function was invoked: the alias's or the version's. @default the function's own */
  invokedFunctionArn?: string;
  /** JSON text, where whoever invokes gives one. */
  clientContext?: string;
}

export interface InvocationResult {
  outcome: InvocationOutcome;
  durationMillis: number;
  initMillis?: number;
  detail?: string;
  leftovers: Record<string, number>;
}
