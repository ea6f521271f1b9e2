/** The management API of API Gateway, as far as the library uses it: post to, look at and close a connection. */

/** Where a connection is reached: its id, and the URL of the stage that holds it (`https://{api}.execute-api.{region}.amazonaws.com/{stage}`). */
export interface ConnectionAddress {
  webSocketId: string;
  callbackUrl: string;
}

/** What `GET @connections/{id}` tells. */
export interface ConnectionStatus {
  connectedAt: Date;
  lastActiveAt: Date;
  identity: { sourceIp?: string; userAgent?: string };
}

/**
 * That a connection has gone (410) is an outcome here; whatever else goes wrong is a `ConnectionsApiError`.
 * None of these calls is tried again once it may have been read, but for `GET` and `DELETE` on a kept connection that the gateway had
 * closed: whoever calls knows what another try may cost.
 */
export interface ConnectionsClient {
  /** `POST`: sends `data` as one text frame. */
  post(address: ConnectionAddress, data: string, signal?: AbortSignal): Promise<'sent' | 'gone'>;
  /** `GET`: `undefined` if the connection has gone. */
  get(address: ConnectionAddress): Promise<ConnectionStatus | undefined>;
  /** `DELETE`: closes the socket with 1000. */
  delete(address: ConnectionAddress): Promise<'closed' | 'gone'>;
}
