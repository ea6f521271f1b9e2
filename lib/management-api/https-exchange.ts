/** One HTTP request and its response, over keep-alive connections: to the host itself, or to an endpoint URL. */
import type { Agent, ClientRequest, IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Abandonment } from './abandonment';

export interface HttpRequest {
  method: string;
  /** Where the request goes without an endpoint URL: `host` or `host:port`. */
  host: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
  /** A caller that can abandon the request also limits its time. */
  abandonment: Abandonment | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

const CONNECTION_TIMEOUT_MILLISECONDS = 2_000;
/** How long a connection with a pending request may be idle, if nobody can abandon the request. */
const SOCKET_TIMEOUT_MILLISECONDS = 10_000;
/** Reduced by a delivery when every post is slow. */
const MAX_SOCKETS = 500;

/** API Gateway's responses have a few hundred bytes. Anything larger does not come from API Gateway. */
const MAX_ANSWER_BYTES = 64 * 1024;

const KEPT = { keepAlive: true, maxSockets: MAX_SOCKETS };

interface Line {
  /** `request` is looked up at each call, because tools that trace a function replace it. */
  module: Pick<typeof https, 'request'>;
  agent: Agent;
}

/** Where requests connect to. */
interface Target {
  host: string;
  port: string;
}

export class HttpsExchange {
  readonly #endpoint: Target | undefined;
  readonly #targets = new Map<string, Target>();
  #line: Line | Promise<Line>;

  /** `endpointUrl` changes where requests connect to, never what they contain. Without it, they use TLS. */
  constructor(endpointUrl?: string) {
    const endpoint = endpointUrl ? new URL(endpointUrl) : undefined;
    this.#endpoint = endpoint && targetOf(endpoint);
    this.#line = { module: https, agent: new https.Agent(KEPT) };
    if (endpoint?.protocol === 'http:') this.#line = this.#plainLine();
  }

  /**
   * Resolves with any response. Rejects if there is none. A POST also rejects if the other side has closed a reused
   * connection, because the request may have been read. Other methods are safe to repeat, and are sent again over a
   * new connection.
   */
  send(asked: HttpRequest): Promise<HttpAnswer> {
    return this.#line instanceof Promise
      ? this.#line.then((line) => this.#exchange(line, asked))
      : this.#exchange(this.#line, asked);
  }

  #exchange({ module, agent }: Line, asked: HttpRequest): Promise<HttpAnswer> {
    const { method, path, headers, body, abandonment } = asked;
    const { host, port } = this.#endpoint ?? this.#targetOf(asked.host);
    return new Promise((resolve, reject) => {
      if (abandonment?.isAbandoned) {
        reject(new Error('given up'));
        return;
      }
      const request = module.request({ method, path, headers, host, port, agent });
      if (abandonment) abandonment.onAbandon(() => void request.destroy(new Error('given up')));
      else limitSilence(request);
      const fail = (error: NodeJS.ErrnoException) => {
        const wasClosed = request.reusedSocket && error.code === 'ECONNRESET';
        if (wasClosed && method !== 'POST') resolve(this.send(asked));
        else reject(error);
      };
      request.on('error', fail);
      request.on('socket', (socket) => {
        if (socket.connecting) limitConnecting(request, socket);
      });
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
          else response.destroy(new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`));
        });
        response.on('error', reject);
        response.on('end', () => {
          abandonment?.onAbandon(undefined);
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, body: chunks.length > 0 ? Buffer.concat(chunks).toString() : '' });
        });
      });
      request.end(body);
    });
  }

  /**
   * Loaded only if an endpoint needs it: an ES module that imports `node:http` loads half of fetch with it, at every
   * cold start.
   */
  async #plainLine(): Promise<Line> {
    const { default: http } = await import('node:http');
    const line = { module: http, agent: new http.Agent(KEPT) };
    this.#line = line;
    return line;
  }

  #targetOf(host: string): Target {
    const known = this.#targets.get(host);
    if (known) return known;
    const target = targetOf(new URL(`https://${host}`));
    this.#targets.set(host, target);
    return target;
  }
}

function targetOf({ hostname, port }: URL): Target {
  return { host: hostname.replace(/^\[|\]$/g, ''), port };
}

function limitSilence(request: ClientRequest): void {
  request.setTimeout(SOCKET_TIMEOUT_MILLISECONDS, () =>
    giveUp(request, 'nothing came', SOCKET_TIMEOUT_MILLISECONDS),
  );
}

function limitConnecting(request: ClientRequest, socket: Socket): void {
  const timer = setTimeout(
    () => giveUp(request, 'no connection', CONNECTION_TIMEOUT_MILLISECONDS),
    CONNECTION_TIMEOUT_MILLISECONDS,
  );
  socket.once('connect', () => clearTimeout(timer));
  request.once('close', () => clearTimeout(timer));
}

function giveUp(request: ClientRequest, what: string, milliseconds: number): void {
  request.destroy(new Error(`${what} within ${milliseconds} ms`));
}
