/** The options of a runtime. */
import type { App } from './assembly/model';
import type { Clock } from './clock';
import type { LocalHandler } from './console/console-endpoint';
import type { KeySetFiles } from './endpoint/key-sets';
import type { PageReload } from './endpoint/page-reload';
import type { Faults } from './faults/faults';
import type { AccountQuotas, SizeLimits } from './gateway/quotas';
import type { Isolation } from './lambda/environments/environment';
import type { FunctionLog } from './lambda/function-log';
import type { Log } from './log';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 3001;

export interface RuntimeOptions {
  app: App;
  /** 0 chooses a free port. @default 3001 */
  port?: number;
  /** @default 127.0.0.1 */
  host?: string;
  /** Additional host names that requests may use. @default none */
  allowedHosts?: string[];
  /** Uses another DynamoDB instead of the built-in one. */
  dynamodbUrl?: string;
  /** Where the built-in DynamoDB keeps its tables. @default in memory */
  dynamodbDirectory?: string;
  /** The folders that act as buckets, by bucket name. Missing folders are created. */
  bucketDirectories?: Record<string, string>;
  /** Files with the key sets of token issuers, by the URLs that functions fetch them from. @default none */
  keySets?: KeySetFiles;
  /** The files to serve for requests that are for no API. */
  webDirectory?: string;
  /** Reloads these pages in browsers. @default no reload */
  pageReload?: PageReload;
  clock?: Clock;
  /** Speeds up idle limits, retries, schedules, delays and expiry, but not functions. @default 1 */
  timeScale?: number;
  /** Whether to verify signatures and enforce policies. @default true */
  iam?: boolean;
  /** Where Node.js functions run. @default thread */
  isolation?: Isolation;
  log: Log;
  /** @default lines of `log` */
  functionLog?: FunctionLog;
  /** The faults to inject. @default none */
  faults?: Faults;
  /** Limits for frames and messages. @default AWS's */
  sizeLimits?: SizeLimits;
  /** The gateway's rate limits. @default AWS's quotas of an account */
  accountQuotas?: AccountQuotas;
  /**
   * Serves the library's part of the console, below `/@local/services`. The runtime itself does not know the library.
   * @param url the runtime's URL, known once there are requests
   * @default none
   */
  services?: (url: () => string) => LocalHandler;
}
