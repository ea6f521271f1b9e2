/** The parts of API Gateway's management API that the library uses: post to, look up and close a connection. */
import type { Abandonment } from './abandonment';

/**
 * Where to reach a connection: its id, and the URL of its stage
 * (`https://{api}.execute-api.{region}.amazonaws.com/{stage}`).
 */
export interface ConnectionAddress {
  webSocketId: string;
  callbackUrl: string;
}

/** The response of `GET @connections/{id}`. */
export interface ConnectionStatus {
  connectedAt: Date;
  lastActiveAt: Date;
  identity: { sourceIp?: string; userAgent?: string };
}

/**
 * A closed connection (410) is a result here. Any other failure is a `ConnectionsApiError`.
 * None of these calls is retried if the server may have read it, except `GET` and `DELETE` on a reused connection
 * that the server had closed. The caller knows what a retry may cost.
 */
export interface ConnectionsClient {
  /** `POST`: sends `data` as one text frame. Rejects if it is abandoned before there is a response. */
  post(address: ConnectionAddress, data: string, abandonment?: Abandonment): Promise<'sent' | 'gone'>;
  /** `GET`: `undefined` if the connection no longer exists. */
  get(address: ConnectionAddress): Promise<ConnectionStatus | undefined>;
  /** `DELETE`: closes the socket with 1000. Rejects if it is abandoned before there is a response. */
  delete(address: ConnectionAddress, abandonment?: Abandonment): Promise<'closed' | 'gone'>;
}
