/** The options of a run, as the command line gives them. */
import type { AccountQuotas } from '../gateway/quotas';
import type { Isolation } from '../lambda/environments/environment';

export interface SessionOptions {
  app?: string;
  /** `KEY=VALUE`: context for the synthesis. */
  context: string[];
  /** Names of the stacks to run; empty for all. */
  stack: string[];
  region?: string;
  port: number;
  host: string;
  /** Additional host names of this machine. */
  allowHost: string[];
  dynamodb?: string;
  /** Where the built-in DynamoDB keeps its tables. */
  data?: string;
  /** `NAME=DIR`: folders that act as buckets. */
  bucket: string[];
  web?: string;
  /** Synthesize even if nothing has changed. */
  fresh: boolean;
  /** `NAME=VALUE`: values that only AWS knows. */
  parameter: string[];
  /** A file with environment variables of functions. */
  envVars?: string;
  /** `URL=FILE`: key sets of JWT issuers. */
  jwks: string[];
  /** Where Node.js functions run. */
  isolation: Isolation;
  /** Whether to verify signatures and enforce policies. */
  iam: boolean;
  /** Whether to enforce AWS's limits for frames and messages. */
  limits: boolean;
  /** The quotas of the account, which AWS may have raised. */
  quota: AccountQuotas;
  /** Whether to refuse an app if one of its parts cannot be run. */
  strict: boolean;
  quiet: boolean;
  verbose: boolean;
  /** Whether to log one JSON object a line, for programs. */
  json: boolean;
  /** `lost-disconnect=0.5` and the like. */
  fault: string[];
  seed: number;
  /** Speeds up limits, retries, schedules and expiry. */
  timeScale: number;
}
