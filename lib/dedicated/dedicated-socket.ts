/**
 * Runs `server()` of a dedicated socket as its read and write loop, in one invocation at a time. It takes the socket
 * over, runs until the loop returns or hands over to a new invocation before time runs out, and cleans up at the end.
 */
import { ConnectionAttributes } from '../attributes/connection-attributes';
import { sleep } from '../clock';
import type { Connection } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import { awaitOpening } from '../connections/opening';
import { isOpening } from '../connections/opening-window';
import type { Settlement } from '../departures/settlement';
import { SettlementStore } from '../departures/settlement-store';
import { ConfigurationError, WebSocketClosedError, WebSocketOpeningError } from '../errors';
import type { ServiceFunction } from '../handlers/service-function';
import { Inbox, LATEST_PUT_AFTER_CLOSE_MILLISECONDS } from '../inbox/inbox';
import { HANDOVER_RESERVE_MILLISECONDS } from '../server/interrupt';
import type { AnyServer } from '../server/server-class';
import type { Service } from '../service';
import { Owner, OwnershipLost, UnmanageableMessage } from './owner';
import { isFree, type Ownership, OwnershipStore } from './ownership';

/** Handovers of one connection. At fifteen minutes each, they last longer than its two hours. */
const MAX_HOPS = 12;
/** After being open this long, a connection is known to every host of API Gateway. */
const HOSTS_AGREE_AFTER_MILLISECONDS = 5_000;
/** Source: API Gateway quotas for WebSocket APIs, "Connection duration". */
const MAX_CONNECTION_MINUTES = 120;
/** Owners of one connection, including those that crashed. */
const MAX_EPOCHS = 50;
/** API Gateway's reason for a connection that was deleted. */
const CLOSED_BY_SERVER = { code: 1000, reason: 'Connection Closed Normally' };
const FIRST_PAUSE_MILLISECONDS = 50;
const LONGEST_PAUSE_MILLISECONDS = 1_000;

export class DedicatedSocket {
  readonly #ownerships: OwnershipStore;
  readonly #store: ConnectionStore;
  readonly #settlements: SettlementStore;

  constructor(
    private readonly connection: Connection,
    private readonly shared: ServiceFunction,
    private readonly service: Service,
    private readonly settlement: Settlement,
  ) {
    const { table, clock } = shared.backend;
    this.#ownerships = new OwnershipStore(connection.webSocketId, table, clock);
    this.#store = new ConnectionStore(table, clock);
    this.#settlements = new SettlementStore(table, clock);
  }

  /**
   * Runs until the socket has closed or another invocation takes over. Does nothing if another invocation owns the
   * socket.
   */
  async run(): Promise<void> {
    const beginning = await this.#beginning();
    if (beginning === 'later') return;
    const ownership = await this.#takeOver();
    if (!ownership) return;
    if (ownership.epoch === 1) this.#warnIfShort();
    if (!ownership.ending) {
      const mayLoop = beginning === 'loop' || ownership.epoch > 1;
      if (mayLoop && !(await this.#serve(ownership))) return;
      // From now on, server() does not run again. An owner that has lost the socket must not close it.
      if (!(await this.#ownerships.beginEnding(ownership.epoch))) return;
    }
    const closed = await this.shared.backend.connections.delete(this.connection);
    await this.settlement.ownerEnded(this.connection, closed === 'closed' ? CLOSED_BY_SERVER : {});
  }

  /**
   * Whether the loop may begin. Nobody owns a socket before it opens, so a previous owner proves that it did. If the
   * handshake is unfinished, this invocation holds nothing and ends. The client's first message, `$disconnect` or the
   * sweep requests another one.
   */
  async #beginning(): Promise<'loop' | 'never opened' | 'later'> {
    const { connection } = this;
    const seen = await this.#ownerships.get();
    if (!seen || seen.epoch > 0 || connection.state === 'closed') return 'loop';
    const { backend } = this.shared;
    const opening = await awaitOpening(backend, connection, this.service.deadline);
    const now = backend.clock.now();
    if (opening === 'open' || (await this.#wasOpen())) return 'loop';
    if (opening === 'unfinished') return 'later';
    if (seen.goneAt === undefined) await this.#ownerships.noteGone(now);
    const lastNewsAt = (seen.goneAt ?? now) + LATEST_PUT_AFTER_CLOSE_MILLISECONDS;
    return now > lastNewsAt ? 'never opened' : 'later';
  }

  /** Waits for a valid lease to end. `undefined` if its owner is alive, or there is nothing to own. */
  async #takeOver(): Promise<Ownership | undefined> {
    const { clock, token } = this.shared.backend;
    let held: Ownership | undefined;
    for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
      const seen = await this.#ownerships.get();
      if (!seen || seen.ending) return seen;
      if (isFree(seen, clock.now())) {
        const mine = await this.#ownerships.takeOver(seen, token());
        if (mine) return mine;
      } else if (held && (seen.epoch !== held.epoch || seen.until > held.until)) {
        return undefined;
      } else {
        held ??= seen;
      }
      if (clock.now() + pause > this.service.deadline) throw this.#noTimeLeft();
      await sleep(clock, pause);
    }
  }

  async #tell(server: AnyServer, error: unknown, epoch: number): Promise<void> {
    try {
      await server.onError(error);
    } catch (failure) {
      await this.#ownerships.release(epoch);
      throw failure;
    }
  }

  /** `true` if the socket should be closed, `false` if another invocation continues. */
  async #serve(ownership: Ownership): Promise<boolean> {
    if (ownership.epoch > MAX_EPOCHS) {
      const { webSocketId } = this.connection;
      console.error(
        `WebSocket ${webSocketId} is closed: it has already had ${MAX_EPOCHS} owners, which is the limit.`,
      );
      return true;
    }
    const handoverAt = this.service.deadline - HANDOVER_RESERVE_MILLISECONDS;
    const owner = new Owner(this.connection, ownership, this.shared.backend, handoverAt);
    const server = this.#makeServer(owner);
    try {
      if (this.connection.state === 'open' && ownership.epoch > 1) await this.#noticeDeparture();
      owner.opened();
      const loop = server.server(ownership.epoch > 1 ? { state: ownership.state } : undefined);
      // A loop that catches the interrupt and does not end is abandoned.
      await Promise.race([loop, owner.overdue]);
      loop.catch(() => {});
      if (!owner.isInterrupted) {
        await server.saveAttributes();
        await owner.acknowledge();
      }
    } catch (error) {
      if (error instanceof OwnershipLost) return false;
      if (error instanceof UnmanageableMessage) console.error(`${error.message} The socket is closed.`);
      else if (!owner.isInterrupted && !saysGone(error, owner)) {
        // The next owner, invoked by a message or by Lambda's retry, need not wait for the lease to end.
        await this.#tell(server, error, ownership.epoch);
      }
    } finally {
      await owner.rest();
    }
    return owner.isInterrupted ? this.#handOver(server, ownership) : true;
  }

  /** `true` if the socket should be closed instead. */
  async #handOver(server: AnyServer, { epoch, hops }: Ownership): Promise<boolean> {
    const { webSocketId, serverFunction } = this.connection;
    if (hops >= MAX_HOPS) {
      console.error(
        `WebSocket ${webSocketId} is closed: it has been handed over ${MAX_HOPS} times, which is the limit.`,
      );
      return true;
    }
    const state = await server.onHandover();
    await server.saveAttributes();
    if (await this.#ownerships.handOver(epoch, hops + 1, state)) {
      await this.shared.backend.invoker.invoke(serverFunction, { type: 'server', webSocketId });
    }
    return false;
  }

  /** A later owner may find that its client has disconnected in the meantime. Its last messages are still there. */
  async #noticeDeparture(): Promise<void> {
    const { connection } = this;
    const { clock, connections } = this.shared.backend;
    const probeSentAt = clock.now();
    if (await connections.get(connection)) return;
    if (!isOpening(connection.acceptedAt, probeSentAt)) await this.#settlements.markClosed(connection, {});
  }

  /** Whether the socket opened and closed between two probes. If so, there was a `$disconnect` or a message. */
  async #wasOpen(): Promise<boolean> {
    const { webSocketId } = this.connection;
    const { table, clock } = this.shared.backend;
    if ((await this.#store.closedAt(webSocketId)) !== undefined) return true;
    return new Inbox(webSocketId, table, clock).hasUnread();
  }

  #warnIfShort(): void {
    const minutes = (this.service.deadline - this.shared.backend.clock.now()) / 60_000;
    if (minutes * (MAX_HOPS + 1) >= MAX_CONNECTION_MINUTES) return;
    console.warn(
      `The server function of ${this.service.name} has a timeout of ${minutes.toFixed(1)} minutes. A dedicated socket is closed after ${MAX_HOPS} handovers, which is after ${Math.floor(minutes * (MAX_HOPS + 1))} minutes. Set its serverTimeout to 15 minutes.`,
    );
  }

  #makeServer(owner: Owner): AnyServer {
    const { connection, service } = this;
    const attributes = new ConnectionAttributes(connection.webSocketId, connection, this.shared.backend);
    return new this.shared.ServerClass({
      hook: 'server',
      service,
      member: { ...connection, left: false },
      ...{ sessionId: connection.sessionId, attributes: attributes.values, keeper: attributes },
      requestTime: this.shared.backend.clock.now(),
      reader: owner,
    });
  }

  #noTimeLeft(): ConfigurationError {
    return new ConfigurationError(
      `The server function of ${this.service.name} has no time left to wait for the owner of WebSocket ${this.connection.webSocketId}. Set its timeout above 30 seconds.`,
    );
  }
}

/**
 * Whether `server()` ended because its client has disconnected. A 410 counts only once every host of API Gateway must
 * know the connection.
 */
function saysGone(error: unknown, { openMilliseconds }: Owner): boolean {
  if (error instanceof WebSocketClosedError) return true;
  return error instanceof WebSocketOpeningError && openMilliseconds > HOSTS_AGREE_AFTER_MILLISECONDS;
}
