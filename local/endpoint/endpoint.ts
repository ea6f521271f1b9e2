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
import type { Log } from '../log';
import { UserError } from '../user-error';
import { signedService } from './credential-scope';
import { Guard } from './guard';
import { HostHeaders } from './host-header';
import { declineUpgrade, offersWebSocket } from './other-upgrade';
import { answerServiceError } from './service-error';
import { Turns } from './turns';

/** Headers that tunnels and proxies add. */
const PASSED_ON = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

export interface RequestHandler {
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

/** Serves the WebSocket APIs and their management API. */
export interface ApiGateway {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Returns `undefined` and does nothing if the request is for none of its APIs. */
  handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined;
}

export interface EndpointOptions {
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Other host names of this machine. @default none */
  allowedHosts?: string[];
  /** The app's own host names, such as custom domains. @default none */
  servedHosts?: () => string[];
  gateway: ApiGateway;
  /**
   * The app's HTTP APIs, which decide themselves which pages may read their responses. `undefined` for requests to
   * none of them.
   */
  httpApis?: { handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined };
  /** The console and the switch for faults, for programs of this machine. `undefined` for other requests. */
  console?: { handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined };
  /** Key sets of issuers, by their URLs. `undefined` for requests to other hosts. */
  keySets?: { handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined };
  /** By the service name in signatures: `dynamodb`, `lambda`. */
  services: Record<string, RequestHandler>;
  /** The files for all other requests. */
  web?: { handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> };
  log: Log;
  /** @default the system's */
  clock?: Clock;
}

/** A function that was frozen finds its connection still open, unless it was frozen for longer than this. */
const KEEP_ALIVE_MILLIS = 60_000;

/** The response to a request that is not HTTP, by the error code of the parser or the server. */
const FAULTS: ReadonlyMap<string | undefined, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

/** The one HTTP port: WebSocket APIs, their management API, AWS services and pages. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #server: Server;
  readonly #guard: Guard;
  readonly #services: ReadonlyMap<string, RequestHandler>;
  readonly #clock: Clock;
  /** Sockets that have left HTTP, which the server no longer ends itself. */
  readonly #upgraded = new Set<Duplex>();
  readonly #turns = new Turns();
  #port = 0;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#guard = new Guard(new HostHeaders(options.host, options.allowedHosts, options.servedHosts));
    this.#services = new Map(Object.entries(options.services));
    this.#clock = options.clock ?? systemClock;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => this.#requestFailed(error, request, response));
    });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MILLIS;
    // Node.js would silently drop headers above 2,000, including the ones that the guard checks. Their total size is
    // limited.
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

  /** Node.js has released the connection, so a pending response would never finish. Clients do not send this. */
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
   * These listeners live as long as the socket. They are created here so that their closures keep no request in
   * memory.
   */
  #holdOn(socket: Duplex): void {
    // A socket whose client has vanished must not crash the process.
    socket.on('error', () => socket.destroy());
    this.#upgraded.add(socket);
    socket.on('close', () => this.#upgraded.delete(socket));
  }

  #refuseTunnel(socket: Duplex): void {
    if (this.#turns.hasToWait(socket)) socket.destroy();
    else this.#end(socket, 405, 'This is not a proxy.\n');
  }

  /** Also called for later errors of a connection whose first error was answered. */
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
    const { status, text } = this.#guard.refuse(request) ?? {
      status: 417,
      text: 'The only supported Expect header is 100-continue.\n',
    };
    answerText(response, status, text);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => response.destroy());
    response.on('error', () => response.destroy());
    if (!(await this.#turns.wait(request.socket, response))) return;
    const foreign = this.#guard.refuseHost(request);
    if (foreign) return answerText(response, foreign.status, foreign.text);
    const answeredByApi = this.#options.httpApis?.handle(request, response);
    if (answeredByApi !== undefined) return answeredByApi;
    const refusal = this.#guard.refuse(request);
    if (refusal) return answerText(response, refusal.status, refusal.text);
    const answeredByKeySets = this.#options.keySets?.handle(request, response);
    if (answeredByKeySets !== undefined) return answeredByKeySets;
    const console = this.#isLocal(request) ? this.#options.console : undefined;
    const answeredByConsole = console?.handle(request, response);
    if (answeredByConsole !== undefined) return answeredByConsole;
    const service = signedService(request);
    const handler = service === undefined ? undefined : this.#services.get(service);
    if (handler) return handler.handle(request, response);
    const answered = this.#options.gateway.handleRequest(request, response);
    if (answered !== undefined) return answered;
    if (service !== undefined) return this.#refuseService(service, request, response);
    if (await this.#options.web?.handle(request, response)) return;
    answerText(response, 404, `There is nothing at ${request.url}.\n`);
  }

  /**
   * From this machine, by one of the names that only it can mean, and not passed on by anybody: a tunnel's end is on
   * this machine, too, and may say that it is meant.
   */
  #isLocal(request: IncomingMessage): boolean {
    const { remoteAddress = '' } = request.socket;
    if (PASSED_ON.some((name) => request.headers[name] !== undefined)) return false;
    return /^(::1|(::ffff:)?127\.[\d.]+)$/.test(remoteAddress) && this.#guard.namesLoopback(request);
  }

  #refuseService(service: string, request: IncomingMessage, response: ServerResponse): void {
    if (service === 'execute-api') {
      answerServiceError(response, 403, 'ForbiddenException', 'Forbidden');
      return;
    }
    const known = [...this.#services.keys()].sort().join(', ');
    this.#options.log.warn(
      `${service} is not run on this machine: ${request.method} ${request.url?.split('?')[0]} got UnsupportedOperation`,
    );
    answerServiceError(
      response,
      501,
      'UnsupportedOperation',
      `The service ${service} is not run on this machine; ${known} and execute-api are.`,
    );
  }

  /** A bug here must not affect other requests. */
  #requestFailed(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    const reason = error instanceof Error ? error.stack : String(error);
    this.#options.log.error(`${request.method} ${request.url?.split('?', 1)[0]} failed: ${reason}`);
    if (response.headersSent) response.destroy();
    else answerServiceError(response, 500, 'InternalServerError', 'Internal server error');
  }
}

function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new UserError(
      `Port ${port} of ${host} is in use, perhaps by another run. Stop that run, or choose another port: --port ${port + 1}, or --port 0 for any free port.`,
    );
  }
  if (error.code === 'EACCES') {
    return new UserError(
      `You have no permission to use port ${port}. Choose a port above 1023: --port 3001.`,
    );
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new UserError(`${host} is not an address of this machine. To listen on 127.0.0.1, remove --host.`);
  }
  return error;
}
