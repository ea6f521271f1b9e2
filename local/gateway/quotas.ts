/**
 * The quotas of API Gateway's WebSocket APIs ("Quotas for configuring and running a WebSocket API"). None is
 * adjustable.
 */

export interface SizeLimits {
  /** One frame from a client. */
  frameBytes: number;
  /** All frames of a message, the payload of a post, or the body of a result. */
  messageBytes: number;
}

/** "32 KB" per frame, "128 KB" per message. */
export const AWS_SIZE_LIMITS: SizeLimits = { frameBytes: 32 * 1024, messageBytes: 128 * 1024 };
/** For tools that test the WebSocket protocol itself. Lambda's limit for an event is 6 MB. */
export const WIDE_SIZE_LIMITS: SizeLimits = { frameBytes: 6 * 1024 * 1024, messageBytes: 6 * 1024 * 1024 };
/** How long a connection may stay open without data in either direction. */
export const IDLE_MILLIS = 10 * 60_000;
export const MAX_CONNECTION_MILLIS = 2 * 60 * 60_000;
/** The whole `wss://` URL with its query. */
export const MAX_URL_CHARACTERS = 4096;
/**
 * The request line and all header lines ("Quotas for … REST API": 10,240 bytes, which the WebSocket page does not
 * repeat).
 */
export const MAX_HEAD_BYTES = 10_240;

/** How much of a service's response the gateway reads: the payload quota of integrations. */
export const MAX_SERVICE_ANSWER_BYTES = 10 * 1024 * 1024;

/** The quotas of an account in a region. AWS raises the first and the last on request. */
export interface AccountQuotas {
  /** Messages, handshakes and @connections calls together. */
  requestsPerSecond: number;
  /** How many requests may come at once. */
  burst: number;
  newConnectionsPerSecond: number;
}

export const AWS_ACCOUNT_QUOTAS: AccountQuotas = {
  requestsPerSecond: 10_000,
  burst: 5_000,
  newConnectionsPerSecond: 500,
};
export const NO_ACCOUNT_QUOTAS: AccountQuotas = {
  requestsPerSecond: Number.POSITIVE_INFINITY,
  burst: Number.POSITIVE_INFINITY,
  newConnectionsPerSecond: Number.POSITIVE_INFINITY,
};
