/**
 * Lambda's Runtime API, with which the process of an environment gets events and responds: one server for each
 * environment.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { MAX_RESPONSE_BYTES } from '../failure';
import { isOwnUser } from './loopback-peer';

const HOST = '127.0.0.1';
const RUNTIME = '/2018-06-01/runtime';
/** A process has one or two; a shell has one for each call of curl. */
const MAX_CONNECTIONS = 32;

export interface RuntimeEvent {
  requestId: string;
  /** JSON text. */
  payload: string;
  deadline: number;
  invokedFunctionArn: string;
  traceId: string;
  /** JSON text. */
  clientContext?: string;
}

export interface RuntimeApiListener {
  /** The process asks for an event, and waits until it gets one. */
  onNext(): void;
  /** The response to the event; undefined if it is larger than Lambda allows. */
  onResponse(body: string | undefined): void;
  onError(error: ReportedError): void;
  onInitError(error: ReportedError): void;
}

/** The error from the process: JSON, if it follows the API. */
export interface ReportedError {
  type: string | undefined;
  body: string;
}

export class RuntimeApi {
  readonly #listener: RuntimeApiListener;
  readonly #server: Server;
  /** Whether each connection belongs to this user. */
  readonly #peers = new WeakMap<Socket, Promise<boolean>>();
  #next: ServerResponse | undefined;
  #given: RuntimeEvent | undefined;
  #running: string | undefined;

  constructor(listener: RuntimeApiListener) {
    this.#listener = listener;
    this.#server = createServer(
      { keepAlive: true },
      (request, response) => void this.#serve(request, response),
    );
    // No timeout here: a frozen process does not answer, and invocations have a timeout of their own.
    Object.assign(this.#server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, timeout: 0 });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('connection', (socket) => {
      this.#peers.set(socket, isOwnUser(socket));
      socket.on('error', () => undefined);
    });
    this.#server.unref();
  }

  /** Resolves with `host:port` for AWS_LAMBDA_RUNTIME_API. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, HOST, resolve);
    });
    return this.#authority;
  }

  /** Hands the event to the process, now or when it asks. */
  give(event: RuntimeEvent): void {
    this.#given = event;
    this.#deliver();
  }

  /** The event has ended without a response. A later response is refused. */
  forget(): void {
    this.#given = undefined;
    this.#running = undefined;
  }

  /** Whether the process is waiting for an event. */
  get isWaiting(): boolean {
    return this.#next !== undefined;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get #authority(): string {
    return `${HOST}:${(this.#server.address() as AddressInfo | null)?.port}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const refusal = await this.#refusal(request);
    if (refusal !== undefined) {
      answer(response, 403, 'AccessDenied', refusal);
      return;
    }
    const path = request.url?.split('?')[0] ?? '';
    if (request.method === 'GET' && path === `${RUNTIME}/invocation/next`) return this.#wait(response);
    if (request.method !== 'POST') {
      answer(response, 404, 'NotFound', `${request.method} ${path}`);
      return;
    }
    const body = await read(request).catch(() => null);
    if (body === null) return;
    this.#take(path, request, response, body);
  }

  /** Refuses pages in a browser, foreign DNS names for this machine, and other users' programs. */
  async #refusal({ headers, socket }: IncomingMessage): Promise<string | undefined> {
    if (headers.host !== this.#authority) return `The Host header is not ${this.#authority}.`;
    // Node.js's fetch sends only Sec-Fetch-Mode of these; browsers send all.
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined)
      return 'Requests from pages are refused.';
    return (await this.#peers.get(socket))
      ? undefined
      : 'Requests from processes of other users are refused.';
  }

  #wait(response: ServerResponse): void {
    if (this.#next) {
      answer(response, 403, 'InvalidStateTransition', 'Another request is already waiting for an event.');
      return;
    }
    if (this.#running !== undefined) {
      answer(response, 403, 'InvalidStateTransition', 'The event has not been answered.');
      return;
    }
    this.#next = response;
    response.once('close', () => {
      if (this.#next === response) this.#next = undefined;
    });
    this.#listener.onNext();
    this.#deliver();
  }

  #deliver(): void {
    const [response, event] = [this.#next, this.#given];
    if (!response || !event) return;
    this.#next = undefined;
    this.#given = undefined;
    this.#running = event.requestId;
    const payload = Buffer.from(event.payload);
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': payload.length,
      'Lambda-Runtime-Aws-Request-Id': event.requestId,
      'Lambda-Runtime-Deadline-Ms': String(event.deadline),
      'Lambda-Runtime-Invoked-Function-Arn': event.invokedFunctionArn,
      'Lambda-Runtime-Trace-Id': event.traceId,
      ...(event.clientContext !== undefined && {
        'Lambda-Runtime-Client-Context': ascii(event.clientContext),
      }),
    });
    response.end(payload);
  }

  #take(
    path: string,
    { headers }: IncomingMessage,
    response: ServerResponse,
    body: string | undefined,
  ): void {
    const type = headers['lambda-runtime-function-error-type'];
    const error = { type: typeof type === 'string' ? type : undefined, body: body ?? '' };
    if (path === `${RUNTIME}/init/error`) {
      answer(response, 202);
      this.#listener.onInitError(error);
      return;
    }
    const [, requestId, what] =
      /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (what === undefined) {
      answer(response, 404, 'NotFound', path);
      return;
    }
    if (requestId !== this.#running || requestId === undefined) {
      answer(response, 400, 'InvalidRequestID', `No event ${requestId} is running.`);
      return;
    }
    this.#running = undefined;
    if (body === undefined)
      answer(response, 413, 'RequestEntityTooLarge', `The limit is ${MAX_RESPONSE_BYTES} bytes.`);
    else answer(response, 202);
    if (what === 'response') this.#listener.onResponse(body);
    else this.#listener.onError(error);
  }
}

/** Undefined if it is larger than Lambda allows. The rest is read and dropped. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES) chunks = [];
    else chunks.push(chunk);
  }
  return bytes > MAX_RESPONSE_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

function answer(response: ServerResponse, status: number, errorType?: string, errorMessage?: string): void {
  const body = errorType === undefined ? { status: 'OK' } : { errorType, errorMessage };
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** JSON text that fits into a header. */
function ascii(json: string): string {
  return json.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
