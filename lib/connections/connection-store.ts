/**
 * Who is connected: a connection's row and its anchor, and the conditions of their changes until it closes. Every write recognizes its
 * own earlier success, because the SDK repeats a call whose response was lost.
 */
import type { Clock } from '../clock';
import {
  absent,
  all,
  always,
  any,
  equals,
  exists,
  itemAbsent,
  itemExists,
  lessThan,
  notBeyond,
} from '../table/conditions';
import { expiryAfter, type Value } from '../table/item';
import type { Change, Table } from '../table/table';
import {
  type Connection,
  connectionKey,
  LAST_RESORT_SECONDS,
  type Member,
  type MemberKey,
  memberKey,
  serviceChannelPk,
  sweepKey,
  toConnection,
  toMember,
} from './connection-items';
import {
  type IdentifyingRequest,
  identificationOrder,
  notIdentifiedAfter,
  timeOfOrder,
} from './identification-order';
import { type Identity, identityChange, identityOf, type KnownIdentity } from './identity';
import { memberRows } from './member-rows';

export type NewConnection = Pick<
  Connection,
  'webSocketId' | 'callbackUrl' | 'service' | 'sessionId' | 'serverFunction' | 'attributes' | 'messagesTo'
> &
  Pick<Connection, 'countedUser'> &
  KnownIdentity;

/** `server()` has not begun, and no hook has changed an attribute. */
const untouched = all(absent('started'), absent('attributesRevision'), absent('identifiedAt'));

export class ConnectionStore {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {}

  /**
   * `$connect`: puts the connection, then its anchor. `false` if the connection already exists with another token, or
   * has closed in the meantime. Then the handshake must fail.
   */
  async accept(connection: NewConnection, token: string): Promise<boolean> {
    const acceptedAt = this.clock.now();
    const expiresAt = expiryAfter(acceptedAt, LAST_RESORT_SECONDS);
    const { webSocketId, callbackUrl, service, sessionId, serverFunction, attributes, messagesTo } =
      connection;
    const identity = identityOf(connection);
    const { countedUser } = connection;
    const accepted = await this.table.put(
      {
        ...connectionKey(webSocketId),
        ...{ callbackUrl, service, sessionId, serverFunction, attributes, messagesTo, ...identity },
        ...(countedUser !== undefined && { countedUser }),
        ...{ state: 'open', acceptedAt, putToken: token, expiresAt },
      },
      // A late duplicate must not undo later changes.
      any(itemAbsent, all(equals('putToken', token), equals('state', 'open'), untouched)),
    );
    if (!accepted) return false;
    // An existing anchor comes from this connection's own earlier call, whose response was lost. Putting it again
    // would undo a rename.
    await this.table.put(
      {
        ...memberKey(connection),
        ...{ callbackUrl, serverFunction, acceptedAt, expiresAt },
        ...(sessionId !== '' && { sessionId }),
        ...(identity.user !== undefined && { ...identity, namedAt: acceptedAt }),
      },
      itemAbsent,
    );
    return true;
  }

  /**
   * Marks that this request runs `server()` until the given time (milliseconds since the epoch). `undefined` if
   * another request runs it or has run it, or if the connection is not open.
   */
  async start(webSocketId: string, requestId: string, until: number): Promise<Connection | undefined> {
    const hasDied = all(exists('loops'), lessThan('startedUntil', this.clock.now()));
    const item = await this.table.update(
      connectionKey(webSocketId),
      { set: { started: requestId, startedUntil: until } },
      all(equals('state', 'open'), any(absent('started'), equals('started', requestId), hasDied)),
    );
    return item && toConnection(item);
  }

  /**
   * The handshake has not finished, so `server()` has not begun. Any process that later finds the connection open may
   * start it.
   */
  async postpone(webSocketId: string, requestId: string): Promise<void> {
    await this.#changeServer(webSocketId, requestId, { remove: ['started'] });
  }

  /** `server()` reads in a loop. If its request ends, another request may start it again. */
  async beginLoop(webSocketId: string, requestId: string): Promise<void> {
    await this.#changeServer(webSocketId, requestId, { set: { loops: true } });
  }

  /** Another request may continue the loop, with `state`. `false` if this request does not run it. */
  handOverLoop(webSocketId: string, requestId: string, state: Value | undefined): Promise<boolean> {
    const set = { loops: true, ...(state !== undefined && { loopState: state }) };
    const remove = ['started', ...(state === undefined ? ['loopState'] : [])];
    return this.#changeServer(webSocketId, requestId, { set, remove });
  }

  /** The loop has returned, and is not started again. */
  async endLoop(webSocketId: string, requestId: string): Promise<void> {
    await this.#changeServer(webSocketId, requestId, { remove: ['loops', 'loopState'] });
  }

  async #changeServer(webSocketId: string, requestId: string, change: Change): Promise<boolean> {
    const mine = equals('started', requestId);
    return (await this.table.update(connectionKey(webSocketId), change, mine)) !== undefined;
  }

  async connection(webSocketId: string): Promise<Connection | undefined> {
    const item = await this.table.get(connectionKey(webSocketId));
    return item && toConnection(item);
  }

  /**
   * When the connection closed, in milliseconds since the epoch: 0 if even its closed mark has expired, `undefined`
   * while it is open.
   */
  async closedAt(webSocketId: string): Promise<number | undefined> {
    const connection = await this.connection(webSocketId);
    return !connection || connection.state === 'closed' ? (connection?.closedAt ?? 0) : undefined;
  }

  async member(key: MemberKey): Promise<Member | undefined> {
    const item = await this.table.get(memberKey(key));
    return item && toMember(item);
  }

  /** Everyone in the service who is not being cleaned up, read consistently. */
  async *members(service: string): AsyncGenerator<Member, void, undefined> {
    for await (const anchor of this.anchors(service)) if (!anchor.left) yield anchor;
  }

  /** Every anchor of the service, including those of unfinished cleanups. */
  async *anchors(service: string, after?: MemberKey): AsyncGenerator<Member, void, undefined> {
    const range = after && { after: memberKey(after).sk };
    for await (const item of memberRows(this.table, serviceChannelPk(service), range)) yield toMember(item);
  }

  /** The member at which the last sweep had to stop, if it did. */
  async sweepCursor(service: string): Promise<MemberKey | undefined> {
    const item = await this.table.get(sweepKey(service));
    return item && { service, webSocketId: item.webSocketId as string };
  }

  /** Stores where the next sweep begins: after `last`, or at the beginning. */
  async rememberSweep(service: string, last: MemberKey | undefined): Promise<void> {
    const key = sweepKey(service);
    if (last) await this.table.put({ ...key, webSocketId: last.webSocketId }, always);
    else await this.table.delete(key, always);
  }

  /**
   * Stores the user of an open connection. `false`, without a change, if it has closed or a later request has identified it.
   */
  async identify(webSocketId: string, identity: Identity, by: IdentifyingRequest): Promise<boolean> {
    const { set, remove } = identityChange(identity);
    const order = identificationOrder(by);
    const item = await this.table.update(
      connectionKey(webSocketId),
      { set: { ...set, identifiedAt: order }, remove },
      all(equals('state', 'open'), notBeyond('identifiedAt', order)),
    );
    return item !== undefined;
  }

  /** Stores the user in the connection's anchor, unless it has left or was identified later. `order` is the request's `identificationOrder`. */
  async identifyMember(key: MemberKey, identity: KnownIdentity, order: string): Promise<void> {
    const { set, remove } = identityChange(identity);
    await this.table.update(
      memberKey(key),
      { set: { ...set, renamedAt: order }, remove, setIfAbsent: { namedAt: timeOfOrder(order) } },
      all(itemExists, absent('left'), notIdentifiedAfter(order)),
    );
  }
}
