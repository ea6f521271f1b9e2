/** A whole service in memory. Clients connect, send and leave, and the server class runs as behind API Gateway. */
import type { Backend } from '../backend';
import type { Clock } from '../clock';
import { connectionKey } from '../connections/connection-items';
import { createHandlers, type Handlers } from '../handlers/create-handlers';
import type { HandlerOptions } from '../handlers/service-function';
import type { ServiceRequest } from '../invocations/invoker';
import type { ServerClass } from '../server/server-class';
import { Service } from '../service';
import type { Item } from '../table/item';
import { connectEvent, disconnectEvent, lambdaContext, messageEvent, newWebSocketId } from './events';
import { FakeGateway } from './fake-gateway';
import { FakeInvoker } from './fake-invoker';
import { type Intercept, letThrough } from './intercept';
import { SkippingClock } from './manual-clock';
import { MemoryTable } from './memory-table';

export interface TestServiceOptions {
  /** What other processes call it: `new Service(name, { backend: service.backend })`. @default 'chat' */
  name?: string;
  allowedOrigins?: string[];
  /** The name of the cookie that identifies web sessions. @default none */
  sessionCookie?: string;
  upkeep?: HandlerOptions['upkeep'];
  /** @default one that skips every wait */
  clock?: Clock;
  intercept?: Intercept;
  /** How long an invocation of the server function may run, according to its context. @default 120,000 */
  serverMilliseconds?: number;
}

export interface TestClientOptions {
  headers?: Record<string, string>;
  query?: Record<string, string>;
  /** The subprotocols that the client offers, in its order of preference. @default none */
  subprotocols?: string[];
  /** The principal from an authorizer. @default none */
  principalId?: string;
  /** What an authorizer returned about the client, or the claims of its JWT. @default none */
  authorizer?: Record<string, unknown>;
}

export class TestService {
  readonly name: string;
  readonly clock: Clock;
  readonly table: MemoryTable;
  readonly gateway: FakeGateway;
  readonly functions: FakeInvoker;
  readonly backend: Backend;
  readonly handlers: Handlers;
  /** The service as another process sees it. */
  readonly service: Service;
  #tokens = 0;
  readonly #serverMilliseconds: number;
  /** The invocations whose `server()` reads in a loop. They end by themselves. */
  readonly #loops = new Set<Promise<void>>();
  /** Closed by `end()`; `$disconnect` has not run yet. */
  readonly #ended: string[] = [];

  constructor(ServerClass: ServerClass, options: TestServiceOptions = {}) {
    const {
      clock = new SkippingClock(Date.now()),
      intercept = letThrough,
      allowedOrigins = [],
      sessionCookie = '',
      upkeep,
    } = options;
    this.name = options.name ?? 'chat';
    this.#serverMilliseconds = options.serverMilliseconds ?? 120_000;
    this.clock = clock;
    this.table = new MemoryTable(clock, intercept);
    this.gateway = new FakeGateway(clock, intercept, (webSocketId) => this.#ended.push(webSocketId));
    this.functions = new FakeInvoker(intercept);
    this.backend = {
      ...{ table: this.table, connections: this.gateway, invoker: this.functions, clock },
      random: Math.random,
      token: () => `token-${++this.#tokens}`,
    };
    this.handlers = createHandlers(ServerClass, {
      backend: this.backend,
      environment: {
        SERVICE_NAME: this.name,
        SERVER_FUNCTION: `${this.name}-server`,
        ALLOWED_ORIGINS: allowedOrigins.join(','),
        SESSION_COOKIE: sessionCookie,
      },
      ...(upkeep && { upkeep }),
    });
    this.service = new Service(this.name, { backend: this.backend });
  }

  /**
   * Connects a client: `$connect`, the handshake, and `server()`.
   * @throws if the handshake is refused; the message has the status
   */
  async connect({ subprotocols = [], ...options }: TestClientOptions = {}): Promise<TestClient> {
    const webSocketId = newWebSocketId();
    this.gateway.begin(webSocketId);
    const offer = subprotocols.length > 0 && { 'Sec-WebSocket-Protocol': subprotocols.join(', ') };
    const event = connectEvent({
      ...options,
      headers: { ...offer, ...options.headers },
      ...{ webSocketId, time: this.clock.now() },
    });
    const { statusCode, headers } = await this.handlers.connect(event, lambdaContext());
    if (statusCode !== 200) throw new Error(`The handshake was refused with ${statusCode}.`);
    this.gateway.open(webSocketId);
    await this.runQueued();
    return new TestClient(this, webSocketId, headers?.['Sec-WebSocket-Protocol']);
  }

  /** Runs `$disconnect` for a socket that has closed, and everything that follows from it. */
  async disconnect(webSocketId: string, closeCode: number, reason: string): Promise<void> {
    const event = disconnectEvent({ webSocketId, closeCode, reason, time: this.clock.now() });
    await this.handlers.disconnect(event, lambdaContext());
    await this.runQueued();
  }

  /** Runs pending asynchronous requests until none is left. A `server()` loop continues in the background. */
  async runQueued(): Promise<void> {
    for (let next = this.functions.queue.shift(); next; next = this.functions.queue.shift()) {
      const context = lambdaContext({ remainingMilliseconds: this.#serverMilliseconds });
      const run = this.handlers.server(next.request, context);
      if (this.#isDedicated(next.request) || (await this.#begunToLoop(run, next.request))) this.#letLoop(run);
      else await run;
    }
    const ended = this.#ended.shift();
    if (ended !== undefined) await this.disconnect(ended, 1000, 'Connection Closed Normally');
  }

  /** Resolves when no `server()` loop is running. @throws what `server()` threw */
  async loopsEnded(): Promise<void> {
    while (this.#loops.size > 0) await Promise.all(this.#loops);
  }

  #isDedicated(request: ServiceRequest): boolean {
    return this.#connectionOf(request)?.messagesTo === 'owner';
  }

  /** Whether `server()` of a shared socket reads in a loop; `false` once the request is over. */
  async #begunToLoop(run: Promise<unknown>, request: ServiceRequest): Promise<boolean> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    run.then(over, over);
    while (!isOver) {
      if (this.#connectionOf(request)?.loops === true) return true;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return false;
  }

  #connectionOf(request: ServiceRequest): Item | undefined {
    if (request.type !== 'server') return undefined;
    const { pk, sk } = connectionKey(request.webSocketId);
    return this.table.items().find((item) => item.pk === pk && item.sk === sk);
  }

  #letLoop(run: Promise<unknown>): void {
    const loop = run.then(() => this.runQueued());
    this.#loops.add(loop);
    loop.then(
      () => this.#loops.delete(loop),
      () => {},
    );
  }
}

export class TestClient {
  constructor(
    private readonly test: TestService,
    readonly webSocketId: string,
    /** The subprotocol that the server chose, if any. */
    readonly subprotocol: string | undefined,
  ) {}

  /** The text frames received so far, oldest first. */
  get received(): string[] {
    return this.test.gateway.received(this.webSocketId);
  }

  /** The frames received so far, parsed as JSON. */
  get messages(): unknown[] {
    return this.received.map((text) => JSON.parse(text));
  }

  /** Sends a text frame. Anything other than a string is sent as JSON. */
  async send(message: unknown): Promise<void> {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    const { webSocketId, test } = this;
    await test.handlers.message(messageEvent(text, { webSocketId, time: test.clock.now() }), lambdaContext());
    await test.runQueued();
  }

  /** Closes the socket. `$disconnect` runs. */
  async close(closeCode = 1005, reason = ''): Promise<void> {
    this.vanish();
    await this.test.disconnect(this.webSocketId, closeCode, reason);
  }

  /** Disconnects silently: `$disconnect` is lost, as may happen on AWS. */
  vanish(): void {
    this.test.gateway.close(this.webSocketId);
  }
}
