/** The client of the cases: handshakes, sockets and @connections requests, with access to the bytes on the wire. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { WebSocket } from 'ws';
import { type Credentials, Signer, sha256 } from '../../lib/management-api/signature';

/** A Lambda function may take a while to start. */
const PATIENCE_MILLISECONDS = 15_000;

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The instructions for the scripted function: see `app/functions/scripted`. */
export interface Script {
  returns?: unknown;
  returnsNothing?: boolean;
  throws?: string;
  sleepMilliseconds?: number;
  postToSelf?: string;
  eventsOf?: string;
}

export interface ConnectOptions {
  script?: Script;
  /** Appended to the query string unchanged. */
  query?: string;
  headers?: Record<string, string>;
  protocols?: string[];
  /** Appended to the path after the stage. */
  path?: string;
  /** @default the endpoint's own origin */
  stage?: string;
}

/** One API at one stage. */
export class Endpoint {
  readonly #signer: Signer;

  constructor(
    /** `wss://host/stage` */
    readonly url: URL,
    /** `https://host/stage` */
    readonly management: URL,
    private readonly identity: { region: string; credentials(): Promise<Credentials> },
    /**
     * Where to connect instead, such as `http://127.0.0.1:3001`. The Host header stays the same. @default the host
     * itself
     */
    private readonly via?: URL,
  ) {
    this.#signer = new Signer(identity.region);
  }

  get stage(): string {
    return this.url.pathname.split('/').at(-1) as string;
  }

  /** @throws HandshakeError if the handshake is refused */
  async connect(options: ConnectOptions = {}): Promise<Socket> {
    const { protocols = [], headers = {} } = options;
    const { address, host } = this.#reached(this.#handshakeUrl(options), 'ws');
    const socket = new WebSocket(address, protocols, {
      headers: { Host: host, ...headers },
      perMessageDeflate: false,
    });
    const client = new Socket(socket);
    const refused = once(socket, 'unexpected-response').then(async ([, response]) => {
      throw new HandshakeError(await answerOf(response as IncomingMessage));
    });
    await Promise.race([once(socket, 'open'), refused, late('the handshake')]);
    refused.catch(() => {});
    return client;
  }

  /** The status, headers and body of a refused handshake. */
  async refusal(options: ConnectOptions = {}): Promise<Answer> {
    try {
      const socket = await this.connect(options);
      await socket.close();
    } catch (error) {
      if (error instanceof HandshakeError) return error.answer;
      throw error;
    }
    throw new Error('The handshake was accepted.');
  }

  /** Sends a handshake written by hand. If the response is 101, closes the connection. */
  handshake(options: ConnectOptions = {}): Promise<Answer> {
    const url = this.#handshakeUrl(options);
    const headers = {
      ...{ Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      ...options.headers,
    };
    return this.#exchange(url, 'GET', headers);
  }

  /** A request without an upgrade. */
  get(path = ''): Promise<Answer> {
    const url = new URL(this.url);
    url.pathname += path;
    return this.#exchange(url, 'GET', {});
  }

  async post(connectionId: string, data: string | Buffer): Promise<Answer> {
    return this.#manage('POST', connectionId, Buffer.from(data));
  }

  async status(connectionId: string): Promise<Answer> {
    return this.#manage('GET', connectionId);
  }

  async delete(connectionId: string): Promise<Answer> {
    return this.#manage('DELETE', connectionId);
  }

  /** A request without a signature. */
  unsigned(method: string, connectionId: string): Promise<Answer> {
    return this.#exchange(this.#managementUrl(connectionId), method, {});
  }

  /** A signed GET of another path of the host. */
  async signedGet(path: string): Promise<Answer> {
    const url = new URL(path, this.management);
    return this.#signed('GET', url);
  }

  #handshakeUrl({ script, query, path = '', stage = this.stage }: ConnectOptions): URL {
    const url = new URL(this.url);
    url.pathname = url.pathname.replace(/[^/]*$/, stage) + path;
    const parts = [query, script && `script=${encodeURIComponent(JSON.stringify(script))}`];
    url.search = parts.filter(Boolean).join('&');
    return url;
  }

  #manage(method: string, connectionId: string, body?: Buffer): Promise<Answer> {
    return this.#signed(method, this.#managementUrl(connectionId), body);
  }

  async #signed(method: string, url: URL, body?: Buffer): Promise<Answer> {
    const headers = this.#signer.headers(
      {
        ...{ method, host: url.host, path: url.pathname },
        ...{ contentType: undefined, sha256: sha256(body ?? '') },
      },
      await this.identity.credentials(),
      Date.now(),
    );
    return this.#exchange(url, method, headers, body);
  }

  #exchange(url: URL, method: string, headers: Record<string, string>, body?: Buffer): Promise<Answer> {
    const { address, host } = this.#reached(url, 'http');
    return exchange(address, method, { Host: host, ...headers }, body);
  }

  #reached(url: URL, scheme: 'ws' | 'http'): { address: URL; host: string } {
    const isPlain = (this.via ?? url).protocol.replace(':', '') in { http: 1, ws: 1 };
    const address = new URL(url.pathname + url.search, this.via ?? url);
    return {
      address: new URL(address.href.replace(/^\w+/, isPlain ? scheme : `${scheme}s`)),
      host: url.host,
    };
  }

  #managementUrl(connectionId: string): URL {
    return new URL(`${this.management.href}/%40connections/${encodeURIComponent(connectionId)}`);
  }
}

export class HandshakeError extends Error {
  constructor(readonly answer: Answer) {
    super(`The handshake was refused with ${answer.status}: ${answer.body}`);
  }
}

/** An open socket, with its frames and its close. */
export class Socket {
  readonly #frames: { data: Buffer; isBinary: boolean }[] = [];
  #wake = () => {};
  readonly #end: Promise<{ code: number; reason: string }>;

  constructor(readonly raw: WebSocket) {
    raw.on('message', (data, isBinary) => {
      this.#frames.push({ data: data as Buffer, isBinary });
      this.#wake();
    });
    raw.on('error', () => {});
    this.#end = new Promise((resolve) => {
      raw.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  get protocol(): string {
    return this.raw.protocol;
  }

  send(data: string | Buffer): void {
    this.raw.send(data);
  }

  /** Sends a script to a route. The response, if any, comes from `next`. */
  run(action: string, script: Script = {}): void {
    this.send(JSON.stringify({ action, script }));
  }

  /** The next frame as text. */
  async next(): Promise<string> {
    return String((await this.nextFrame()).data);
  }

  async nextFrame(): Promise<{ data: Buffer; isBinary: boolean }> {
    const frame = this.#frames.shift();
    if (frame) return frame;
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#wake = resolve;
      }),
      this.#end.then(({ code }) => Promise.reject(new Error(`The socket was closed with ${code}.`))),
      late('a frame'),
    ]);
    return this.nextFrame();
  }

  /** The event that the function received for a message, from a route that responds with its event. */
  async event(action = 'two-way'): Promise<GatewayEvent> {
    this.run(action);
    return JSON.parse(await this.next());
  }

  /** The CONNECT and DISCONNECT events of a connection that have arrived so far. @default of this connection */
  async keptEvents(connectionId?: string): Promise<{ CONNECT: GatewayEvent; DISCONNECT?: GatewayEvent }> {
    const eventsOf = connectionId ?? (await this.event()).requestContext.connectionId;
    this.run('two-way', { eventsOf });
    return JSON.parse(await this.next());
  }

  /** Waits for the DISCONNECT event of another connection. */
  async disconnectOf(connectionId: string): Promise<GatewayEvent> {
    const end = Date.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const { DISCONNECT } = await this.keptEvents(connectionId);
      if (DISCONNECT) return DISCONNECT;
      if (Date.now() > end) throw new Error(`No DISCONNECT event within ${PATIENCE_MILLISECONDS} ms.`);
    }
  }

  /** Whether anything arrives before the response to a message that is sent now, or shortly after it. */
  async hearsNothing(): Promise<boolean> {
    const marker = `marker ${randomBytes(4).toString('hex')}`;
    this.run('two-way', { returns: { statusCode: 200, body: marker } });
    if ((await this.next()) !== marker) return false;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return this.#frames.length === 0;
  }

  /** How the other side closed the connection. */
  ended(): Promise<{ code: number; reason: string }> {
    return Promise.race([this.#end, late('the end of the socket')]);
  }

  async close(code?: number, reason?: string): Promise<{ code: number; reason: string }> {
    this.raw.close(code, reason);
    return this.ended();
  }
}

/** The event as Lambda receives it. The cases check its members. */
// biome-ignore lint/suspicious/noExplicitAny: the cases check which members are there
export type GatewayEvent = Record<string, any>;

function late(what: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(
      () => reject(new Error(`Nothing of ${what} within ${PATIENCE_MILLISECONDS} ms.`)),
      PATIENCE_MILLISECONDS,
    ).unref();
  });
}

async function exchange(
  url: URL,
  method: string,
  headers: Record<string, string>,
  body?: Buffer,
): Promise<Answer> {
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    headers,
    agent: false,
  });
  const answered = Promise.race([
    once(request, 'response').then(([response]) => response as IncomingMessage),
    once(request, 'upgrade').then(([response, socket]) => {
      socket.destroy();
      return response as IncomingMessage;
    }),
    late('an answer'),
  ]);
  request.end(body);
  return answerOf(await answered);
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  if (response.statusCode !== 101) for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: String(Buffer.concat(chunks)) };
}
