/** A part that the runtime cannot run. What depends on it fails as it does on AWS when that part fails. */
export interface NotRun {
  type: 'NOT_RUN';
  /** The construct path of the integration, its function or the authorizer. */
  path: string;
  /** The reason and the remedy. */
  reason: string;
}

/** A part of an HTTP API or a REST API. */
export interface HttpNotRun extends NotRun {
  /** Whether it fails on AWS, too, because of a missing permission to invoke the function. */
  isNotPermitted?: boolean;
}
