import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import { keptBody } from '../gateway/request-body';
import type { RequestToSign } from '../iam/signer';
import type { Log } from '../log';
import { answerServiceError } from './service-error';

/** Headers of one connection that must not be forwarded: RFC 9110, section 7.6.1. */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** These define the request, even if its Connection header names them. */
const ESSENTIAL = new Set(['content-length', 'host']);

export interface ServiceProxyOptions {
  /** Whether to reset the connection instead of answering the request. */
  losesAnswer?: (() => boolean) | undefined;
  /** Signs a request whose body was read before. @default the request's own headers */
  sign?: ((request: RequestToSign) => Promise<Record<string, string>>) | undefined;
}

/** Forwards requests for an AWS service to another address, and streams the responses back. */
export class ServiceProxy {
  readonly #url: URL;
  readonly #log: Log;
  readonly #agent: Agent;

  readonly #options: ServiceProxyOptions;

  constructor(url: string, log: Log, options: ServiceProxyOptions = {}) {
    this.#url = new URL(url);
    this.#log = log;
    this.#options = options;
    this.#agent = this.#isSecure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = keptBody(request);
    const signed = body && (await this.#signed(request, body));
    const send = this.#isSecure ? httpsRequest : httpRequest;
    const upstream = send({
      agent: this.#agent,
      hostname: this.#url.hostname.replace(/^\[|\]$/g, ''),
      port: this.#url.port,
      method: request.method,
      path: request.url,
      // The Host header stays as it was signed.
      headers: { ...(signed ? unsigned(request) : withoutHopByHop(request)), ...framing(request), ...signed },
    });
    upstream.on('response', (answer) => {
      if (this.#options.losesAnswer?.()) {
        request.socket.resetAndDestroy();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, withoutLeaveForPages(withoutHopByHop(answer)));
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      if (response.headersSent || response.destroyed) {
        response.destroy();
        return;
      }
      this.#log.error(`No response from ${this.#url.origin}: ${error.message || error.code}`);
      answerServiceError(response, 500, 'InternalServerError', `No response from ${this.#url.origin}`);
    });
    response.on('close', () => {
      if (!response.writableFinished) upstream.destroy();
    });
    request.on('error', () => upstream.destroy());
    if (body) upstream.end(body);
    else request.pipe(upstream);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #signed(
    { method = 'GET', url: path = '/', headers: { host = '' } }: IncomingMessage,
    body: Buffer,
  ): Promise<Record<string, string> | undefined> {
    return this.#options.sign?.({ method, path, host, body });
  }

  get #isSecure(): boolean {
    return this.#url.protocol === 'https:';
  }
}

type Headers = Record<string, string | string[] | undefined>;

/** Removes the caller's signature. */
function unsigned(request: IncomingMessage): Headers {
  const { authorization: _, 'x-amz-security-token': __, ...headers } = withoutHopByHop(request);
  return headers;
}

/** Removes CORS headers, because the endpoint decides which pages may read responses. */
function withoutLeaveForPages(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('access-control-')));
}

function withoutHopByHop({ headers }: IncomingMessage): Headers {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const ofThisHop = new Set(named.filter((name) => !ESSENTIAL.has(name)));
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !ofThisHop.has(name)),
  );
}

/**
 * Node.js would send the body of a GET in chunks without their sizes, and the service would treat it as the next
 * request on the connection.
 */
function framing({ headers }: IncomingMessage): Headers {
  return headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
}
