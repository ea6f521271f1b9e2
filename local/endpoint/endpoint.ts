import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '../log';
import { UserError } from '../user-error';
import { signedService } from './credential-scope';
import { HostHeaders, hostName } from './host-header';
import { answerServiceError } from './service-error';

export interface RequestHandler {
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

/** What serves the WebSocket APIs and their management API. */
export interface ApiGateway {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** `false` if the request is for none of its APIs. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface EndpointOptions {
  host: string;
  /** 0 for any free one. */
  port: number;
  gateway: ApiGateway;
  /** By the name that requests are signed for: `dynamodb`, `lambda`. */
  services: Record<string, RequestHandler>;
  /** Files for whatever is nothing else. */
  web?: { handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> };
  log: Log;
}

/** A function that was frozen for a while finds its connection as it left it, unless the while is longer than this. */
const KEEP_ALIVE_MILLIS = 60_000;

/** The one HTTP port: WebSocket APIs, their management API, AWS services and pages. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #server: Server;
  readonly #hosts: HostHeaders;
  /** Sockets that have left HTTP: the server no longer ends them by itself. */
  readonly #upgraded = new Set<Duplex>();
  #port = 0;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#hosts = new HostHeaders(options.host);
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => this.#requestFailed(error, response));
    });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MILLIS;
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on('clientError', (_, socket) => socket.destroy());
  }

  /** @throws {UserError} if the port cannot be had. */
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

  /** Ends what is still connected. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
      for (const socket of this.#upgraded) socket.destroy();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A socket whose client has vanished must not end the process.
    socket.on('error', () => socket.destroy());
    this.#upgraded.add(socket);
    socket.on('close', () => this.#upgraded.delete(socket));
    if (this.#hosts.accepts(request.headers.host)) {
      this.#options.gateway.handleUpgrade(request, socket, head);
      return;
    }
    const text = foreignHost(request.headers.host);
    socket.end(
      `HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => response.destroy());
    response.on('error', () => response.destroy());
    if (!this.#hosts.accepts(request.headers.host))
      return answerText(response, 403, foreignHost(request.headers.host));
    if (this.#isCrossSite(request)) return answerText(response, 403, foreignPage(request.headers));
    const service = signedService(request);
    const handler = service === undefined ? undefined : this.#options.services[service];
    if (handler) return handler.handle(request, response);
    if (this.#options.gateway.handleRequest(request, response)) return;
    if (service !== undefined) return this.#refuseService(service, request, response);
    if (await this.#options.web?.handle(request, response)) return;
    answerText(response, 404, `There is nothing at ${request.url}.\n`);
  }

  #refuseService(service: string, request: IncomingMessage, response: ServerResponse): void {
    if (service === 'execute-api') {
      answerServiceError(response, 403, 'ForbiddenException', 'Forbidden');
      return;
    }
    const known = Object.keys(this.#options.services).sort().join(', ');
    this.#options.log.warn(
      `Nothing runs ${service} here: ${request.method} ${request.url?.split('?')[0]} got UnsupportedOperation`,
    );
    answerServiceError(
      response,
      501,
      'UnsupportedOperation',
      `The service ${service} is not run on this machine; ${known} and execute-api are.`,
    );
  }

  /**
   * Browsers tell whose page a request comes from: pages of other origins, and of other ports of this machine, may not use
   * connections, tables, functions and buckets, nor ask with OPTIONS whether they may.
   */
  #isCrossSite({ headers: { origin, host } }: IncomingMessage): boolean {
    if (origin === undefined) return false;
    const [, authority] = /^https?:\/\/([^/]+)$/i.exec(origin) ?? [];
    return authority?.toLowerCase() !== host?.toLowerCase() || !this.#hosts.isOwn(authority);
  }

  #requestFailed(error: unknown, response: ServerResponse): void {
    this.#options.log.error(`A request failed: ${error instanceof Error ? error.stack : String(error)}`);
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

function foreignHost(header: string | undefined): string {
  return `The Host header ${JSON.stringify(hostName(header) ?? header ?? '')} is none of this endpoint's. Use localhost, 127.0.0.1, or an API's own amazonaws.com name; start with --host to use another name.\n`;
}

function foreignPage({ origin, host }: IncomingHttpHeaders): string {
  return `Pages of ${origin} are not answered, only those of http://${host} itself. Open the page there, or send the request from a program.\n`;
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new UserError(
      `Port ${port} of ${host} is in use, perhaps by another run. Stop that one, or choose another port: --port ${port + 1}, or --port 0 for any free one.`,
    );
  }
  if (error.code === 'EACCES') {
    return new UserError(`Port ${port} may not be used by this user. Choose one above 1023: --port 3001.`);
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new UserError(`${host} is no address of this machine. Leave --host out to listen on 127.0.0.1.`);
  }
  return error;
}
