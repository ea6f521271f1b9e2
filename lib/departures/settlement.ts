/** Settles departures: makes sure that a connection has gone, then runs the service's hook once, under a lease, and cleans up. */
import type { Backend } from '../backend';
import { ChannelStore } from '../channels/channel-store';
import type { Connection, Member, MemberKey } from '../connections/connection-items';
import { type Close, ConnectionStore, isOpening } from '../connections/connection-store';
import { isFree, OwnershipStore } from '../dedicated/ownership';
import { Inbox } from '../inbox/inbox';
import { SessionStore } from '../sessions/session-store';

export interface Departure {
  connection: Connection;
  /** The anchor as it is now, with the name it had; absent if it was never written. */
  member: Member | undefined;
  closeCode: number | undefined;
  closeReason: string | undefined;
}

/** What a service does about a departure. */
export interface DepartureHooks {
  /** Runs once for each connection, or again if its settler died. */
  onPostServer(departure: Departure): Promise<void>;
  /** Runs after it, once for each time that a session that asks for it has lost its last socket, or again likewise. */
  onSessionEnd(departure: Departure): Promise<void>;
}

export type SettlementOutcome =
  /** The hook ran, and nothing of the connection is left but its closed mark. */
  | 'settled'
  /** Somebody else settles it, or has. */
  | 'elsewhere'
  /** It is not gone after all. */
  | 'open'
  /** Too young to tell. */
  | 'pending'
  /** Nothing was left but a stray row, which is deleted now. */
  | 'forgotten';

export class Settlement {
  readonly #store: ConnectionStore;
  readonly #channels: ChannelStore;
  readonly #sessions: SessionStore;

  constructor(
    private readonly backend: Backend,
    private readonly hooks: DepartureHooks,
    /** Asks for `server()` of one that is open, though nobody has begun it: its handshake took too long. */
    private readonly startServer?: (connection: Connection) => Promise<void>,
  ) {
    this.#store = new ConnectionStore(backend.table, backend.clock);
    this.#channels = new ChannelStore(backend.table, backend.clock);
    this.#sessions = new SessionStore(backend.table, backend.clock);
  }

  /** The gateway itself said so, by `$disconnect`: no probe is needed. */
  async disconnected(webSocketId: string, close: Close): Promise<SettlementOutcome> {
    const settler = this.backend.token();
    const connection = await this.#store.beginSettlement(webSocketId, settler, close);
    if (!connection) return 'elsewhere';
    return this.#settle(connection, settler);
  }

  /** The gateway said so of a dedicated connection: its owner learns of it, and settles it when its loop has ended. */
  async ownerDisconnected(connection: Connection, close: Close): Promise<SettlementOutcome> {
    const { webSocketId } = connection;
    await this.#store.markClosed(connection, close);
    return (await this.#owned({ ...connection, state: 'closed' })) ?? this.disconnected(webSocketId, close);
  }

  /** The owner's loop has ended, and the connection is closed. */
  async ownerEnded({ webSocketId }: Connection, close: Close): Promise<SettlementOutcome> {
    const outcome = await this.disconnected(webSocketId, close);
    if (outcome === 'settled') return outcome;
    const connection = await this.#store.connection(webSocketId);
    return connection ? this.#resume(connection) : 'elsewhere';
  }

  /** Somebody found it gone. The member's row by which it was found goes too, whatever channel it is of. */
  async suspected(key: MemberKey): Promise<SettlementOutcome> {
    const outcome = await this.#suspected(key);
    if (key.channel && outcome !== 'open' && outcome !== 'pending') await this.#store.forgetMember(key);
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
    const settling = await this.#store.beginSettlement(key.webSocketId, settler);
    return settling ? this.#settle(settling, settler) : 'elsewhere';
  }

  /** Nobody has begun it, or its loop has died. */
  #hasNoServer({ started, loops, startedUntil = 0 }: Connection): boolean {
    return started === undefined || (loops === true && startedUntil < this.backend.clock.now());
  }

  async #probe(connection: Connection): Promise<'open' | 'pending' | 'gone'> {
    const probeSentAt = this.backend.clock.now();
    if (await this.backend.connections.get(connection)) return 'open';
    return isOpening(connection.acceptedAt, probeSentAt) ? 'pending' : 'gone';
  }

  /** A dedicated connection is its owner's to close and, until its loop has ended, to settle; a dead one is followed by another. */
  async #owned(connection: Connection): Promise<SettlementOutcome | undefined> {
    const { messagesTo, webSocketId, serverFunction, state } = connection;
    if (messagesTo !== 'owner') return undefined;
    const { table, clock, invoker } = this.backend;
    const ownership = await new OwnershipStore(webSocketId, table, clock).get();
    if (!ownership || (ownership.ending && state === 'closed')) return undefined;
    if (isFree(ownership, clock.now())) await invoker.invoke(serverFunction, { type: 'server', webSocketId });
    return state === 'open' ? 'open' : 'elsewhere';
  }

  /** Finishes what another settler left, if it has died; deletes the anchor that one left behind as the last thing. */
  async #resume(connection: Connection): Promise<SettlementOutcome> {
    if (connection.done) {
      await this.#store.forgetMember(connection);
      return 'forgotten';
    }
    const settler = this.backend.token();
    const mine = connection.settler
      ? await this.#store.takeOverSettlement(connection, settler)
      : await this.#store.beginSettlement(connection.webSocketId, settler);
    return mine ? this.#settle(mine, settler) : 'elsewhere';
  }

  /** An anchor is written right after its connection, so one without a connection is a remnant once it is old. */
  async #forgetStray(key: MemberKey, lookedAt: number): Promise<SettlementOutcome> {
    const member = await this.#store.member(key);
    if (!member || isOpening(member.acceptedAt, lookedAt)) return 'pending';
    await this.#leaveSession(departureOf(member));
    await this.#store.forgetMember(key);
    return 'forgotten';
  }

  async #settle(connection: Connection, settler: string): Promise<SettlementOutcome> {
    const member = await this.#store.leave(connection);
    await this.#channels.leaveAll(connection);
    const { closeCode, closeReason } = connection;
    const departure = { connection, member, closeCode, closeReason };
    await this.hooks.onPostServer(departure);
    await this.#leaveSession(departure);
    await this.#expireMessages(connection);
    await this.#store.finishSettlement(connection, settler);
    return 'settled';
  }

  /** What nobody has read goes with the closed mark. */
  async #expireMessages({ messagesTo, webSocketId }: Connection): Promise<void> {
    if (messagesTo === 'hook') return;
    const { table, clock } = this.backend;
    const expiresAt = this.#store.closedMarkExpiresAt();
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

/** Of a member whose connection the table no longer has. */
function departureOf(member: Member): Departure {
  const connection: Connection = {
    sessionId: '',
    ...member,
    ...{ attributes: {}, messagesTo: 'hook', state: 'closed', done: false },
  };
  return { connection, member, closeCode: undefined, closeReason: undefined };
}
