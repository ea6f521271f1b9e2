/**
 * Cleans up departures: makes sure that a connection has closed, runs the service's hook once, under a lease, and
 * deletes its rows.
 */
import type { Backend } from '../backend';
import { ChannelStore } from '../channels/channel-store';
import type { Connection, Member, MemberKey } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import { isOpening } from '../connections/opening-window';
import { isFree, OwnershipStore } from '../dedicated/ownership';
import { Inbox } from '../inbox/inbox';
import { SessionStore } from '../sessions/session-store';
import { type Close, SettlementStore } from './settlement-store';

export interface Departure {
  connection: Connection;
  /** The anchor as it is now, with its name; missing if it was never written. */
  member: Member | undefined;
  closeCode: number | undefined;
  closeReason: string | undefined;
}

/** What a service does when a connection has closed. */
export interface DepartureHooks {
  /** Runs once for each connection, and again if the process crashed. */
  onPostServer(departure: Departure): Promise<void>;
  /** Runs with the channels that the connection left. After a crash, the list may be incomplete; the upkeep finds the others. */
  onLeft?(departure: Departure, channels: string[]): Promise<void>;
  /**
   * Runs after it, once each time a session that asks for it loses its last socket, and again if the process crashed.
   */
  onSessionEnd(departure: Departure): Promise<void>;
}

export type SettlementOutcome =
  /** The hook ran, and only the closed mark of the connection is left. */
  | 'settled'
  /** Another process cleans it up, or has done so. */
  | 'elsewhere'
  /** It is still connected. */
  | 'open'
  /** It may still be opening. */
  | 'pending'
  /** Only a stray row was left. It is deleted now. */
  | 'forgotten';

export class Settlement {
  readonly #store: ConnectionStore;
  readonly #settlements: SettlementStore;
  readonly #channels: ChannelStore;
  readonly #sessions: SessionStore;

  constructor(
    private readonly backend: Backend,
    private readonly hooks: DepartureHooks,
    /** Requests `server()` for an open connection that has not started, because its handshake took too long. */
    private readonly startServer?: (connection: Connection) => Promise<void>,
  ) {
    this.#store = new ConnectionStore(backend.table, backend.clock);
    this.#settlements = new SettlementStore(backend.table, backend.clock);
    this.#channels = new ChannelStore(backend.table, backend.clock);
    this.#sessions = new SessionStore(backend.table, backend.clock);
  }

  /** API Gateway sent `$disconnect`, so no probe is needed. */
  async disconnected(webSocketId: string, close: Close): Promise<SettlementOutcome> {
    const settler = this.backend.token();
    const connection = await this.#settlements.begin(webSocketId, settler, close);
    if (!connection) return 'elsewhere';
    return this.#settle(connection, settler);
  }

  /**
   * API Gateway sent `$disconnect` for a dedicated connection. Its owner learns this, and cleans up when its loop has
   * ended.
   */
  async ownerDisconnected(connection: Connection, close: Close): Promise<SettlementOutcome> {
    const { webSocketId } = connection;
    await this.#settlements.markClosed(connection, close);
    return (await this.#owned({ ...connection, state: 'closed' })) ?? this.disconnected(webSocketId, close);
  }

  /** The owner's loop has ended, and the connection is closed. */
  async ownerEnded({ webSocketId }: Connection, close: Close): Promise<SettlementOutcome> {
    const outcome = await this.disconnected(webSocketId, close);
    if (outcome === 'settled') return outcome;
    const connection = await this.#store.connection(webSocketId);
    return connection ? this.#resume(connection) : 'elsewhere';
  }

  /**
   * A process found the connection disconnected. The member's row that led to it is deleted, too, even in another channel.
   */
  async suspected(key: MemberKey): Promise<SettlementOutcome> {
    const outcome = await this.#suspected(key);
    if (key.channel && outcome !== 'open' && outcome !== 'pending') await this.#settlements.forgetMember(key);
    return outcome;
  }

  async #suspected(key: MemberKey): Promise<SettlementOutcome> {
    const lookedAt = this.backend.clock.now();
    const connection = await this.#store.connection(key.webSocketId);
    if (!connection) return this.#forgetStray(key, lookedAt);
    const owned = connection.done ? undefined : await this.#owned(connection);
    if (owned) return owned;
    if (connection.state === 'closed') return this.#resume(connection);
    const verdict = await this.#probe(connection);
    if (verdict === 'open' && this.#hasNoServer(connection)) await this.startServer?.(connection);
    if (verdict !== 'gone') return verdict;
    const settler = this.backend.token();
    const settling = await this.#settlements.begin(key.webSocketId, settler);
    return settling ? this.#settle(settling, settler) : 'elsewhere';
  }

  /** `server()` has not started, or its loop has crashed. */
  #hasNoServer({ started, loops, startedUntil = 0 }: Connection): boolean {
    return started === undefined || (loops === true && startedUntil < this.backend.clock.now());
  }

  async #probe(connection: Connection): Promise<'open' | 'pending' | 'gone'> {
    const probeSentAt = this.backend.clock.now();
    if (await this.backend.connections.get(connection)) return 'open';
    return isOpening(connection.acceptedAt, probeSentAt) ? 'pending' : 'gone';
  }

  /**
   * Only the owner of a dedicated connection closes it and, until its loop has ended, cleans it up. If the owner
   * crashes, another one follows.
   */
  async #owned(connection: Connection): Promise<SettlementOutcome | undefined> {
    const { messagesTo, webSocketId, serverFunction, state } = connection;
    if (messagesTo !== 'owner') return undefined;
    const { table, clock, invoker } = this.backend;
    const ownership = await new OwnershipStore(webSocketId, table, clock).get();
    if (!ownership || (ownership.ending && state === 'closed')) return undefined;
    if (isFree(ownership, clock.now())) await invoker.invoke(serverFunction, { type: 'server', webSocketId });
    return state === 'open' ? 'open' : 'elsewhere';
  }

  /** Finishes the cleanup of a process that crashed, and deletes the anchor last. */
  async #resume(connection: Connection): Promise<SettlementOutcome> {
    if (connection.done) {
      await this.#settlements.forgetMember(connection);
      return 'forgotten';
    }
    const settler = this.backend.token();
    const mine = connection.settler
      ? await this.#settlements.takeOver(connection, settler)
      : await this.#settlements.begin(connection.webSocketId, settler);
    return mine ? this.#settle(mine, settler) : 'elsewhere';
  }

  /** An anchor is written right after its connection, so an old anchor without a connection is a leftover. */
  async #forgetStray(key: MemberKey, lookedAt: number): Promise<SettlementOutcome> {
    const member = await this.#store.member(key);
    if (!member || isOpening(member.acceptedAt, lookedAt)) return 'pending';
    await this.#leaveSession(departureOf(member));
    await this.#settlements.forgetMember(key);
    return 'forgotten';
  }

  async #settle(connection: Connection, settler: string): Promise<SettlementOutcome> {
    const member = await this.#settlements.leave(connection);
    const channels = await this.#channels.leaveAll(connection);
    const { closeCode, closeReason } = connection;
    const departure = { connection, member, closeCode, closeReason };
    await this.hooks.onPostServer(departure);
    await this.hooks.onLeft?.(departure, channels);
    await this.#leaveSession(departure);
    await this.#expireMessages(connection);
    await this.#settlements.finish(connection, settler);
    return 'settled';
  }

  /** Unread messages expire with the closed mark. */
  async #expireMessages({ messagesTo, webSocketId }: Connection): Promise<void> {
    if (messagesTo === 'hook') return;
    const { table, clock } = this.backend;
    const expiresAt = this.#settlements.closedMarkExpiresAt();
    await new Inbox(webSocketId, table, clock).expire(expiresAt);
    if (messagesTo === 'owner') await new OwnershipStore(webSocketId, table, clock).expire(expiresAt);
  }

  async #leaveSession(departure: Departure): Promise<void> {
    const { connection } = departure;
    if (connection.sessionId === '' || !(await this.#sessions.leave(connection))) return;
    await this.hooks.onSessionEnd(departure);
    await this.#sessions.finishEnd(connection);
  }
}

/** For a member whose connection is no longer in the table. */
function departureOf(member: Member): Departure {
  const connection: Connection = {
    sessionId: '',
    ...member,
    ...{ attributes: {}, messagesTo: 'hook', state: 'closed', done: false },
  };
  return { connection, member, closeCode: undefined, closeReason: undefined };
}
