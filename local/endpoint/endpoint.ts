import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, systemClock } from '../clock';
import { endWith, plainAnswer } from '../last-answer';
import { UserError } from '../user-error';
import { Guard } from './guard';
import { HostHeaders } from './host-header';
import { declineUpgrade, offersWebSocket } from './other-upgrade';
import { answerRefusal, answerText, RequestRouter, type RequestRouterOptions } from './request-router';
import { answerServiceError } from './service-error';
import { Turns } from './turns';

/** The WebSocket APIs and their management API. */
export type ApiGateway = RequestRouterOptions['gateway'] & {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
};

export interface EndpointOptions extends RequestRouterOptions {
  host: string;
  /** 0 chooses a free port. */
  port: number;
  /** Additional host names of this machine. @default none */
  allowedHosts?: string[];
  /** The app's own host names, such as custom domains. @default none */
  servedHosts?: () => string[];
  gateway: ApiGateway;
  /** @default the system's */
  clock?: Clock;
}

/** Long, because a frozen function expects its connections to be open when it continues. */
const KEEP_ALIVE_MILLIS = 60_000;

/** The status for a malformed request, by the error code of the parser or the server. */
const FAULTS: ReadonlyMap<string | undefined, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

/** The runtime's HTTP port: its sockets and upgrades. `RequestRouter` answers the requests. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #server: Server;
  readonly #guard: Guard;
  readonly #router: RequestRouter;
  readonly #clock: Clock;
  /** Sockets after an upgrade, which the server no longer closes itself. */
  readonly #upgraded = new Set<Duplex>();
  readonly #turns = new Turns();
  #port = 0;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#guard = new Guard(new HostHeaders(options.host, options.allowedHosts, options.servedHosts));
    this.#router = new RequestRouter(this.#guard, options);
    this.#clock = options.clock ?? systemClock;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => this.#requestFailed(error, request, response));
    });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MILLIS;
    // By default, Node.js silently drops headers after the 2,000th, which may be ones that the guard checks. Their
    // total size is limited.
    this.#server.maxHeadersCount = 0;
    this.#server.on('checkExpectation', (request, response) => this.#failExpectation(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on('connect', (_, socket) => this.#refuseTunnel(socket));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#malformed(error, socket));
  }

  /** @throws {UserError} if the port cannot be opened */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
      this.#server.listen(port, host, resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#server.removeAllListeners('error');
    this.#server.on('error', (error) => this.#options.log.error(`The port failed: ${error.message}`));
  }

  get port(): number {
    return this.#port;
  }

  /** How many connections are open, including WebSockets. */
  countConnections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  /** Ends all open connections. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
      for (const socket of this.#upgraded) socket.destroy();
    });
  }

  /** After an upgrade, a pending response would never finish, but no usual client pipelines like this. */
  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#turns.hasToWait(socket)) socket.destroy();
    else if (!offersWebSocket(request)) declineUpgrade(this.#server, request, socket, head);
    else this.#handOver(request, socket, head);
  }

  #handOver(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#holdOn(socket);
    const refusal = this.#guard.refuseHost(request);
    if (refusal) this.#end(socket, refusal.status, refusal.text);
    else this.#options.gateway.handleUpgrade(request, socket, head);
  }

  /**
   * These listeners live as long as the socket. They are created in a method of their own so that their closures keep
   * no request in memory.
   */
  #holdOn(socket: Duplex): void {
    // Without a listener, an error of the socket would end the process.
    socket.on('error', () => socket.destroy());
    this.#upgraded.add(socket);
    socket.on('close', () => this.#upgraded.delete(socket));
  }

  #refuseTunnel(socket: Duplex): void {
    if (this.#turns.hasToWait(socket)) socket.destroy();
    else this.#end(socket, 405, 'This is not a proxy.\n');
  }

  /** May be called again for a connection whose first error was already answered. */
  #malformed(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (socket.writableEnded) return;
    const isLost = !socket.writable || error.code === 'ECONNRESET';
    if (isLost || this.#turns.isInAnswer(socket)) socket.destroy();
    else
      this.#end(socket, FAULTS.get(error.code) ?? 400, `The request could not be read: ${error.message}.\n`);
  }

  #end(socket: Duplex, status: number, text: string): void {
    endWith(socket, plainAnswer(status, STATUS_CODES[status] ?? '', text), this.#clock);
  }

  /** For an `Expect` other than `100-continue`. */
  async #failExpectation(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await this.#turns.wait(request.socket, response))) return;
    const refusal = this.#guard.refuse(request);
    if (refusal) answerRefusal(response, refusal);
    else answerText(response, 417, 'The only supported Expect header is 100-continue.\n');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => response.destroy());
    response.on('error', () => response.destroy());
    if (!(await this.#turns.wait(request.socket, response))) return;
    await this.#router.handle(request, response);
  }

  /** If the runtime has a bug, only this request fails. */
  #requestFailed(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    const reason = error instanceof Error ? error.stack : String(error);
    this.#options.log.error(`${request.method} ${request.url?.split('?', 1)[0]} failed: ${reason}`);
    if (response.headersSent) response.destroy();
    else answerServiceError(response, 500, 'InternalServerError', 'Internal server error');
  }
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new UserError(
      `Port ${port} of ${host} is in use, perhaps by another run. Stop that run, or choose another port: --port ${port + 1}, or --port 0 for any free port.`,
    );
  }
  if (error.code === 'EACCES') {
    return new UserError(
      `You have no permission to use port ${port}. Choose a port above 1023, such as --port 3001.`,
    );
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new UserError(`${host} is not an address of this machine. To listen on 127.0.0.1, remove --host.`);
  }
  return error;
}
