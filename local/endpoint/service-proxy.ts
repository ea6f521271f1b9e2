import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import type { Log } from '../log';
import { answerServiceError } from './service-error';

/** Headers of one connection, which do not belong to the next: RFC 9110, section 7.6.1. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

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
      headers: withoutHopByHop(request),
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

function withoutHopByHop(message: IncomingMessage): Headers {
  return Object.fromEntries(Object.entries(message.headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}
