/** One HTTP request and its response, over keep-alive connections: to the host itself, or to an endpoint URL. */
import type { Agent, ClientRequest, IncomingHttpHeaders } from 'node:http';
import https from 'node:https';

export interface HttpRequest {
  method: string;
  /** Where the request goes without an endpoint URL: `host` or `host:port`. */
  host: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
  signal: AbortSignal | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

const CONNECTION_TIMEOUT_MILLISECONDS = 2_000;
/** How long a connection with a pending request may be idle. */
const SOCKET_TIMEOUT_MILLISECONDS = 10_000;
/** Reduced by a delivery when every post is slow. */
const MAX_SOCKETS = 500;

const KEPT = { keepAlive: true, maxSockets: MAX_SOCKETS };

interface Line {
  /** `request` is looked up at each call, because tools that trace a function replace it. */
  module: Pick<typeof https, 'request'>;
  agent: Agent;
}

export class HttpsExchange {
  readonly #endpoint: URL | undefined;
  readonly #line: Line | Promise<Line>;

  /** `endpointUrl` changes where requests connect to, never what they contain. Without it, they use TLS. */
  constructor(endpointUrl?: string) {
    this.#endpoint = endpointUrl ? new URL(endpointUrl) : undefined;
    const isPlain = this.#endpoint?.protocol === 'http:';
    this.#line = isPlain ? plainLine() : { module: https, agent: new https.Agent(KEPT) };
  }

  /**
   * Resolves with any response. Rejects if there is none. A POST also rejects if the other side has closed a reused
   * connection, because nobody can tell whether the request was read. Other methods are safe to repeat, and are sent
   * again over a new connection.
   */
  async send(asked: HttpRequest): Promise<HttpAnswer> {
    const { method, host, path, headers, body, signal } = asked;
    const { module, agent } = await this.#line;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new Error('given up'));
        return;
      }
      const { hostname, port } = this.#endpoint ?? new URL(`https://${host}`);
      const request = module.request({
        ...{ method, path, headers, port, agent },
        host: hostname.replace(/^\[|\]$/g, ''),
      });
      const onAbort = () => void request.destroy(new Error('given up'));
      const over = () => signal?.removeEventListener('abort', onAbort);
      signal?.addEventListener('abort', onAbort);
      request.on('error', (error: NodeJS.ErrnoException) => {
        over();
        const wasClosed = request.reusedSocket && error.code === 'ECONNRESET';
        if (wasClosed && method !== 'POST') resolve(this.send(asked));
        else reject(error);
      });
      limitTime(request);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error) => {
          over();
          reject(error);
        });
        response.on('end', () => {
          over();
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, body: Buffer.concat(chunks).toString() });
        });
      });
      request.end(body);
    });
  }
}

/**
 * Loaded only if an endpoint needs it: an ES module that imports `node:http` loads half of fetch with it, at every
 * cold start.
 */
async function plainLine(): Promise<Line> {
  const { default: http } = await import('node:http');
  return { module: http, agent: new http.Agent(KEPT) };
}

function limitTime(request: ClientRequest): void {
  const giveUp = (what: string, milliseconds: number) =>
    void request.destroy(new Error(`${what} within ${milliseconds} ms`));
  request.setTimeout(SOCKET_TIMEOUT_MILLISECONDS, () => giveUp('nothing came', SOCKET_TIMEOUT_MILLISECONDS));
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => giveUp('no connection', CONNECTION_TIMEOUT_MILLISECONDS),
      CONNECTION_TIMEOUT_MILLISECONDS,
    );
    socket.once('connect', () => clearTimeout(timer));
    request.once('close', () => clearTimeout(timer));
  });
}
