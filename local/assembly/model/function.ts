/** A Lambda function, and what happens to its asynchronous events. */

export interface LambdaFunction {
  path: string;
  functionName: string;
  functionArn: string;
  /** Its execution role. */
  roleArn?: string;
  /** Lambda's name: `nodejs24.x`, `python3.13`, `provided.al2023`. */
  runtime: string;
  /** For Python: the interpreter that has Lambda's runtime client. */
  interpreter?: string;
  /** The absolute path of the folder with its code, or of a zip file. */
  codeDirectory: string;
  /** `file.export`, as in the template. A `provided` runtime may give it another meaning. */
  handler: string;
  /** Absolute paths of folders or zip files. At `/opt`, later layers override earlier ones. */
  layers?: string[];
  /**
   * The versions behind its aliases and version numbers: `{ live: '1', 1: '1' }`. Callers use such a qualifier as
   * `name:live`. Every version runs the same code here, in its own environments.
   */
  qualifiers?: Record<string, string>;
  environment: Record<string, string>;
  timeoutSeconds: number;
  memoryMegabytes: number;
  /** Absent if the app configures nothing for asynchronous events. */
  asynchronous?: AsynchronousSettings;
}

export interface AsynchronousSettings {
  /** 0 to 2. */
  retryAttempts?: number;
  maxEventAgeSeconds?: number;
  /** Where the record of a successful event goes. */
  onSuccessArn?: string;
  /** Where the record of a failed event goes. */
  onFailureArn?: string;
  /** The queue or topic that gets a failed event itself. */
  deadLetterArn?: string;
}
