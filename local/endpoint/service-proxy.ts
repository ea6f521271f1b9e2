import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import type { Log } from '../log';
import { answerServiceError } from './service-error';

/** Headers of one connection, which do not belong to the next: RFC 9110, section 7.6.1. */
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

/** These say what the request is, whatever its Connection header names. */
const ESSENTIAL = new Set(['content-length', 'host']);

/** Passes requests for one AWS service on to where it runs, and streams its answers back. */
export class ServiceProxy {
  readonly #url: URL;
  readonly #log: Log;
  readonly #agent: Agent;

  readonly #losesAnswer: (() => boolean) | undefined;

  /** `losesAnswer` decides for each request whether the connection is reset in place of the answer. */
  constructor(url: string, log: Log, losesAnswer?: () => boolean) {
    this.#url = new URL(url);
    this.#log = log;
    this.#losesAnswer = losesAnswer;
    this.#agent = this.#isSecure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const send = this.#isSecure ? httpsRequest : httpRequest;
    const upstream = send({
      agent: this.#agent,
      hostname: this.#url.hostname.replace(/^\[|\]$/g, ''),
      port: this.#url.port,
      method: request.method,
      path: request.url,
      // The Host header stays as it was signed.
      headers: { ...withoutHopByHop(request), ...framing(request) },
    });
    upstream.on('response', (answer) => {
      if (this.#losesAnswer?.()) {
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
      this.#log.error(`${this.#url.origin} does not answer: ${error.message || error.code}`);
      answerServiceError(response, 500, 'InternalServerError', `${this.#url.origin} does not answer`);
    });
    response.on('close', () => {
      if (!response.writableFinished) upstream.destroy();
    });
    request.on('error', () => upstream.destroy());
    request.pipe(upstream);
  }

  close(): void {
    this.#agent.destroy();
  }

  get #isSecure(): boolean {
    return this.#url.protocol === 'https:';
  }
}

type Headers = Record<string, string | string[] | undefined>;

/** The service does not decide which pages may read its answers: the endpoint does. */
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
 * Where the body ends. Node.js would send the body of a GET in chunks without their sizes, and the service would take it for the
 * next request: of whoever comes next on the kept connection.
 */
function framing({ headers }: IncomingMessage): Headers {
  return headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
}
