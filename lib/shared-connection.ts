/** A WebSocket that any process opens by its id: %CSP.WebSocket's OpenServer, Write and EndServer. */
import { type Backend, defaultBackend } from './backend';
import type { Member } from './connection-items';
import { ConnectionStore, isOpening } from './connection-store';
import type { ConnectionStatus } from './connections/connections-client';
import {
  PostFailedError,
  WebSocketClosedError,
  WebSocketOpeningError,
  WebSocketUnknownError,
} from './errors';
import { Service } from './service';

export class SharedConnection {
  readonly webSocketId: string;

  /** For code that has the member at hand; others use `open`. */
  constructor(
    private readonly service: Service,
    private readonly member: Member,
  ) {
    this.webSocketId = member.webSocketId;
  }

  /**
   * Attaches to an open WebSocket from any process that may read the connection table. One read of the table.
   * @throws WebSocketClosedError if it has closed, WebSocketUnknownError if the table has no such id.
   */
  static async open(webSocketId: string, backend: Backend = defaultBackend()): Promise<SharedConnection> {
    const connection = await new ConnectionStore(backend.table, backend.clock).connection(webSocketId);
    if (!connection) throw new WebSocketUnknownError(webSocketId);
    if (connection.state === 'closed') throw new WebSocketClosedError(webSocketId);
    const { callbackUrl, service, serverFunction, acceptedAt } = connection;
    return new SharedConnection(new Service(service, { backend }), {
      ...{ webSocketId, callbackUrl, service, serverFunction, acceptedAt },
      left: false,
    });
  }

  /**
   * Sends `data` as one text frame. Throttling and the gateway's own errors are tried again for up to 10 s.
   * @throws WebSocketClosedError if the client has gone; its departure is settled then.
   * @throws WebSocketOpeningError, MessageTooLargeError, PostFailedError
   */
  async write(data: string): Promise<void> {
    const report = await this.service.deliver(data, { to: [this.member] });
    if (report.sent > 0) return;
    if (report.gone > 0) throw new WebSocketClosedError(this.webSocketId);
    if (report.pending > 0) throw new WebSocketOpeningError(this.webSocketId);
    throw new PostFailedError(this.webSocketId, Object.keys(report.reasons).join('; '));
  }

  /** Closes the socket: the client sees code 1000. One that has gone already is left as it is. */
  async end(): Promise<void> {
    await this.service.backend.connections.delete(this.member);
  }

  /**
   * Asks the gateway for the connection's times and the client's address.
   * @throws WebSocketClosedError if the client has gone; its departure is settled then. @throws WebSocketOpeningError
   */
  async status(): Promise<ConnectionStatus> {
    const askedAt = this.service.backend.clock.now();
    const status = await this.service.backend.connections.get(this.member);
    if (status) return status;
    if (isOpening(this.member.acceptedAt, askedAt)) throw new WebSocketOpeningError(this.webSocketId);
    await this.service.requestSettlement([this.member]);
    throw new WebSocketClosedError(this.webSocketId);
  }
}
