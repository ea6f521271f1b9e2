/** The class that a service extends: the hooks and members of %CSP.WebSocket. */
import type { Member } from './connection-items';
import { InvalidUseError, WebSocketClosedError } from './errors';
import type { ConnectEvent, MessageEvent } from './handlers/events';
import type { Service } from './service';
import { SharedConnection } from './shared-connection';
import type { Value } from './table/item';

/** What one event brings to the object that serves it. */
export interface ServerContext {
  hook: 'onPreServer' | 'server' | 'onClientMessage' | 'onPostServer';
  service: Service;
  /** Of the connection; in `onPostServer` with the name that it had. */
  member: Member;
  sessionId: string;
  attributes: Record<string, Value>;
  /** When the gateway took the request, in milliseconds since the epoch. */
  requestTime: number;
  /** The event as API Gateway sent it, in `onPreServer` and `onClientMessage`. */
  event?: ConnectEvent | MessageEvent;
}

/** One object serves one event: nothing that a hook leaves in a field is there in the next. */
export abstract class WebSocketServer {
  /** The id with which any process may later open this WebSocket. */
  readonly webSocketId: string;
  /** The principal that an authorizer found, or empty. */
  readonly sessionId: string;
  /** Everyone who is connected to this service. */
  readonly service: Service;
  /** Notes kept with the connection: set in `onPreServer`, there again in `server` and `onPostServer`. */
  readonly attributes: Record<string, Value>;
  readonly #connection: SharedConnection;

  constructor(protected readonly context: ServerContext) {
    this.webSocketId = context.member.webSocketId;
    this.sessionId = context.sessionId;
    this.service = context.service;
    this.attributes = context.attributes;
    this.#connection = new SharedConnection(context.service, context.member);
  }

  /** Before the handshake is answered. Call `refuse` to turn the client away. */
  async onPreServer(): Promise<void> {}

  /** Once the socket is open, in an invocation of its own. A class that does not override it costs no invocation. Runs again if it fails. */
  async server(): Promise<void> {}

  /** Each message of the client. Messages of one client may run side by side. */
  async onClientMessage(_data: string): Promise<void> {}

  /**
   * After the socket has closed, once for each connection however its end was noticed, or again if this died on the way.
   * Code and reason are there if the gateway told them.
   */
  async onPostServer(_closeCode?: number, _reason?: string): Promise<void> {}

  /**
   * Sends `data` to the client as one text frame.
   * @throws WebSocketClosedError if the client has gone, InvalidUseError in `onPreServer`, and as `SharedConnection.write`.
   */
  async write(data: string): Promise<void> {
    this.#assertMayReachClient('write');
    await this.#connection.write(data);
  }

  /** Closes the socket: the client sees code 1000. @throws as `write` */
  async end(): Promise<void> {
    this.#assertMayReachClient('end');
    await this.#connection.end();
  }

  /** Turns the client away before the handshake: it sees this HTTP status. Only in `onPreServer`. */
  protected refuse(statusCode: 401 | 403 = 403): never {
    if (this.context.hook !== 'onPreServer') {
      throw new InvalidUseError(
        `refuse() was called in ${this.context.hook} of WebSocket ${this.webSocketId}, but the handshake is over by then. Refuse in onPreServer, or close with end().`,
      );
    }
    throw new HandshakeRefusal(statusCode);
  }

  #assertMayReachClient(method: string): void {
    if (this.context.hook === 'onPostServer') throw new WebSocketClosedError(this.webSocketId);
    if (this.context.hook === 'onPreServer') {
      throw new InvalidUseError(
        `${method}() was called in onPreServer of WebSocket ${this.webSocketId}, but API Gateway answers 410 until the handshake has finished. Call it in server(), which runs once the socket is open, or refuse().`,
      );
    }
  }
}

/** Thrown by `refuse` and turned into the handshake's status by the handler. */
export class HandshakeRefusal extends Error {
  constructor(readonly statusCode: number) {
    super(`The handshake was refused with ${statusCode}.`);
  }
}

export type ServerClass = new (context: ServerContext) => WebSocketServer;

/** Whether the class has a hook of its own. */
export function overrides(ServerClass: ServerClass, hook: ServerContext['hook']): boolean {
  return ServerClass.prototype[hook] !== WebSocketServer.prototype[hook];
}
