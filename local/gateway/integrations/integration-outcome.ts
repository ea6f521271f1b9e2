/** How the integration of a route ended. */

export interface ProxyResult {
  statusCode: number;
  /** Decoded, if the function said that it is base64. */
  body?: string;
  headers: Record<string, unknown>;
}

export type IntegrationOutcome =
  | { kind: 'result'; result: ProxyResult; requestId?: string }
  /** The function threw, ended, or returned something that is not a proxy result. */
  | { kind: 'failed'; requestId?: string }
  /** The time limit passed. The function keeps running. */
  | { kind: 'timedOut' }
  /** The function could not be started, or the integration is not run. */
  | { kind: 'notInvoked' };
