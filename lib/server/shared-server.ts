/**
 * Runs `server()` of a shared socket. If it only greets, it ends immediately. If it reads in a loop, it runs as long
 * as the socket is open: it moves to a new invocation before time runs out, and the sweep restarts it after a crash.
 */
import { ConnectionAttributes } from '../attributes/connection-attributes';
import type { Connection } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import { WebSocketClosedError } from '../errors';
import type { ServiceFunction } from '../handlers/service-function';
import { Inbox } from '../inbox/inbox';
import { MessageReader, type ReadOptions } from '../inbox/message-reader';
import type { Service } from '../service';
import { HANDOVER_RESERVE_MILLISECONDS, Interrupt } from './interrupt';
import type { AnyServer } from './server-class';

/** No connection lasts longer than two hours (API Gateway's quota), so a loop that runs longer has lost its socket. */
const LONGEST_LOOP_MILLISECONDS = 3 * 60 * 60_000;

export class SharedServer {
  readonly #store: ConnectionStore;
  readonly #interrupt: Interrupt;
  #loops = false;

  /** `connection` is what `start` returned for this request. */
  constructor(
    private readonly connection: Connection,
    private readonly requestId: string,
    private readonly shared: ServiceFunction,
    private readonly service: Service,
  ) {
    const { table, clock } = shared.backend;
    this.#store = new ConnectionStore(table, clock);
    const handoverAt = service.deadline - HANDOVER_RESERVE_MILLISECONDS;
    this.#interrupt = new Interrupt(connection.webSocketId, clock, handoverAt);
  }

  async run(): Promise<void> {
    const server = this.#makeServer();
    const { loops, loopState } = this.connection;
    let hasFailed = false;
    try {
      const running = server.server(loops ? { state: loopState } : undefined);
      // A loop that catches the interrupt and does not end is abandoned.
      await Promise.race([running, this.#interrupt.overdue]);
      running.catch(() => {});
    } catch (error) {
      const hasGone = this.#loops && error instanceof WebSocketClosedError;
      if (!this.#interrupt.hasBegun && !hasGone) {
        await server.onError(error);
        hasFailed = true;
      }
    } finally {
      this.#interrupt.rest();
    }
    if (this.#interrupt.hasBegun) return this.#handOver(server);
    if (!hasFailed) await server.saveAttributes();
    if (this.#loops || loops) await this.#store.endLoop(this.connection.webSocketId, this.requestId);
  }

  async #handOver(server: AnyServer): Promise<void> {
    const { webSocketId, serverFunction, acceptedAt } = this.connection;
    const { clock, invoker } = this.shared.backend;
    if (clock.now() > acceptedAt + LONGEST_LOOP_MILLISECONDS) {
      console.error(
        `server() of WebSocket ${webSocketId} is stopped after three hours: no connection lasts longer than two.`,
      );
      return;
    }
    const state = await server.onHandover();
    await server.saveAttributes();
    if (await this.#store.handOverLoop(webSocketId, this.requestId, state)) {
      await invoker.invoke(serverFunction, { type: 'server', webSocketId });
    }
  }

  #makeServer(): AnyServer {
    const { connection, service, shared } = this;
    const attributes = new ConnectionAttributes(connection.webSocketId, connection, shared.backend);
    return new shared.ServerClass({
      hook: 'server',
      service,
      member: { ...connection, left: false },
      ...{ sessionId: connection.sessionId, attributes: attributes.values, keeper: attributes },
      requestTime: shared.backend.clock.now(),
      ...(connection.messagesTo === 'inbox' && { reader: this.#makeReader() }),
    });
  }

  #makeReader() {
    const { webSocketId } = this.connection;
    const { table, clock, random, token, startMilliseconds, connections } = this.shared.backend;
    const inbox = new Inbox(webSocketId, table, clock);
    const reader = new MessageReader(webSocketId, {
      ...{ inbox, clock, random, startMilliseconds },
      ...{ deadline: Number.POSITIVE_INFINITY, settle: 'adaptive' },
      beforeLook: () => this.#interrupt.check(),
      take: (message) => inbox.take(message, token()),
      closedAt: () => this.#store.closedAt(webSocketId),
      hasGone: async () => (await connections.get(this.connection)) === undefined,
    });
    return {
      read: async (options?: ReadOptions) => {
        if (!this.#loops) await this.#store.beginLoop(webSocketId, this.requestId);
        this.#loops = true;
        return reader.read(options);
      },
      get atEnd() {
        return reader.atEnd;
      },
    };
  }
}
