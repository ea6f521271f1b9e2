/**
 * Who is in which channel, stored on both sides. A publication reads a channel's members. A departure reads a
 * connection's memberships. The membership holds the truth, and both sides agree when nothing is under way.
 *
 * CONNECTION#{id} / CHANNEL#{channel}                  the membership: `in`, or `leaving`
 * CHANNEL#{service}#{channel} / MEMBER#{hh}#{id}       the member: what a post needs
 */

import type { Clock } from '../clock';
import {
  channelPk,
  connectionKey,
  LAST_RESORT_SECONDS,
  type Member,
  type MemberKey,
  memberKey,
  toConnection,
  toMember,
} from '../connections/connection-items';
import { notIdentifiedAfter } from '../connections/identification-order';
import {
  identityChange,
  identityOf,
  isSameIdentity,
  type KnownIdentity,
  withIdentity,
} from '../connections/identity';
import { memberRows } from '../connections/member-rows';
import { allOver } from '../delivery/all-over';
import { inTurns, turnsOf } from '../delivery/in-turns';
import { InvalidValueError, TooManyChannelsError } from '../errors';
import {
  absent,
  all,
  always,
  any,
  atMost,
  equals,
  itemAbsent,
  itemExists,
  lessThan,
  notBeyond,
} from '../table/conditions';
import { expiryAfter, type Key } from '../table/item';
import { pages, type Table } from '../table/table';
import { type ClientRequest, notChangedAfter, orderOf, REMEMBERED_SECONDS } from './client-order';
import { joinKey, type Position } from './log/log-items';

/** How many channels of one connection are subscribed or unsubscribed at a time. */
const AT_A_TIME = 25;
const PREFIX = 'CHANNEL#';
const isMember = any(equals('state', 'in'), equals('state', 'leaving'));
/** A connection that subscribes within this time after its handshake counts as a member since it connected. */
const AS_IT_CONNECTED_MILLISECONDS = 60_000;

/** What a connection that joins a log is answered by. */
export interface JoinRequest {
  /** Fresh for each. */
  token: string;
  since?: Position;
  /** JSON that is handed to the answer. */
  request?: string;
  /** The client did not ask for it. */
  byServer?: boolean;
  /** The client's frame that asked for it. */
  by?: ClientRequest;
}

/** A member of a channel with a name of its own. */
type ChannelMember = Member & { channel: string };

/**
 * @throws InvalidValueError for a name of more than 128 characters, or with characters other than letters, digits and
 * `_ - . : /`
 */
export function assertChannelName(channel: string): void {
  if (isChannelName(channel)) return;
  throw new InvalidValueError(
    `The channel name ${JSON.stringify(channel)} is not valid: 1 to 128 letters, digits, "_", "-", ".", ":" and "/" are allowed.`,
  );
}

export function isChannelName(text: string): boolean {
  return /^[A-Za-z0-9_.:/-]{1,128}$/.test(text);
}

export class ChannelStore {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {}

  /**
   * `false` if the connection is closed, or another process unsubscribed it meanwhile. Two writes, two reads. However
   * many subscribe at once, at most `most` channels are acknowledged: a subscription that finds too many withdraws.
   * `by` is the client's frame that asks: a later one that has unsubscribed counts.
   * @throws TooManyChannelsError
   */
  async subscribe(
    member: Member,
    channel: string,
    most = Number.POSITIVE_INFINITY,
    by?: ClientRequest,
  ): Promise<boolean> {
    if (!(await this.#putMembership({ ...member, channel }, by))) return false;
    const count = await this.#join(
      { ...member, channel, ...this.#since(member) },
      most < Number.POSITIVE_INFINITY,
    );
    if (count <= most) return count > 0;
    await this.unsubscribe(member, channel);
    throw new TooManyChannelsError(member.webSocketId, channel, most);
  }

  /**
   * Joins a channel with a log: the channel's poster admits the connection and answers with its position. If two joins run at the same
   * time, the later one counts. `false` if the connection is closed, or was unsubscribed meanwhile. Three writes, two reads.
   * @throws TooManyChannelsError
   */
  async join(
    member: Member,
    channel: string,
    asked: JoinRequest,
    most = Number.POSITIVE_INFINITY,
  ): Promise<boolean> {
    assertChannelName(channel);
    const { webSocketId, callbackUrl, serverFunction, acceptedAt } = member;
    const token = `${String(this.clock.now()).padStart(15, '0')} ${asked.token}`;
    const [membership, key] = [membershipKey(webSocketId, channel), memberKey({ ...member, channel })];
    const join = joinKey({ ...member, channel }, webSocketId);
    const expiresAt = this.#expiresAt();
    const isLater = notBeyond('token', token);
    const { by } = asked;
    await this.table.put(
      { ...membership, state: 'in', token, ...(by && { order: orderOf(by) }), expiresAt },
      by ? all(isLater, notChangedAfter(by)) : isLater,
    );
    await this.table.put(
      {
        ...key,
        callbackUrl,
        serverFunction,
        acceptedAt,
        ...identityOf(member),
        ...this.#since(member),
        ...(asked.byServer && { byServer: true }),
        token,
        expiresAt,
      },
      // A copy that comes late must not take back that it has been admitted.
      any(absent('token'), lessThan('token', token), all(equals('token', token), absent('from'))),
    );
    const { since, request } = asked;
    await this.table.put(
      {
        ...{ ...join, token, expiresAt },
        ...(since && { since: { ...since } }),
        ...(request !== undefined && { request }),
      },
      isLater,
    );
    const [connection, joined] = await Promise.all([this.#open(webSocketId), this.channelsOf(webSocketId)]);
    const isIn = connection !== undefined && joined.includes(channel);
    if (isIn && joined.length <= most) {
      // The connection was identified meanwhile, perhaps by a process that did not see this member yet.
      if (!isSameIdentity(connection, member))
        await this.table.update(key, identityChange(connection), equals('token', token));
      return true;
    }
    await this.table.delete(join, equals('token', token));
    await this.table.delete(key, equals('token', token));
    if (!connection) await this.table.delete(membership, always);
    if (!isIn) return false;
    await this.unsubscribe(member, channel);
    throw new TooManyChannelsError(webSocketId, channel, most);
  }

  /**
   * Several channels at a time. `false` if one of them could not be subscribed to. Two writes for each channel, and
   * two reads for all of them. If these reads detect a concurrent change, that channel is checked separately.
   */
  async subscribeAll(member: Member, channels: Iterable<string>): Promise<boolean> {
    for (const some of turnsOf([...channels], AT_A_TIME)) {
      const members = some.map((channel) => ({ ...member, channel }));
      await allOver(members.map((one) => this.#enter(one)));
      const [connection, joined] = await Promise.all([
        this.#open(member.webSocketId),
        this.channelsOf(member.webSocketId),
      ]);
      const isSame = connection && isSameIdentity(connection, member);
      const doubtful = members.filter(({ channel }) => !isSame || !joined.includes(channel));
      const subscribed = await allOver(doubtful.map((one) => this.#join(one)));
      if (subscribed.includes(0)) return false;
    }
    return true;
  }

  /**
   * `false` if it was not subscribed, or another process subscribed it again meanwhile. Three writes. `by` is the
   * client's frame that asks: a later one that has subscribed counts.
   */
  async unsubscribe(member: Member, channel: string, by?: ClientRequest): Promise<boolean> {
    assertChannelName(channel);
    const membership = membershipKey(member.webSocketId, channel);
    const leaving = await this.table.update(
      membership,
      { set: { state: 'leaving', ...(by && { order: orderOf(by) }) } },
      by ? all(isMember, notChangedAfter(by)) : itemExists,
    );
    if (!leaving && by) {
      await this.#rememberUnsubscribed(membership, by);
      return false;
    }
    const token = leaving?.token as string | undefined;
    if (token !== undefined)
      await this.table.delete(joinKey({ ...member, channel }, member.webSocketId), atMost('token', token));
    // A connection that has joined the log since keeps its row.
    const before = token === undefined ? absent('token') : notBeyond('token', token);
    await this.table.delete(memberKey({ ...member, channel }), before);
    const left = by
      ? await this.#leave(membership, by)
      : await this.table.delete(membership, equals('state', 'leaving'));
    if (!left && (await this.#isIn(membership))) {
      await this.#join({ ...member, channel });
      return false;
    }
    return leaving !== undefined;
  }

  /** Whether a connection is in a channel, read consistently. */
  isIn(webSocketId: string, channel: string): Promise<boolean> {
    return this.#isIn(membershipKey(webSocketId, channel));
  }

  /** The names of a connection's channels, in order, read consistently. */
  async channelsOf(webSocketId: string): Promise<string[]> {
    const range = { pk: connectionKey(webSocketId).pk, prefix: PREFIX };
    const names: string[] = [];
    for await (const page of pages(this.table, range)) {
      for (const { sk, state } of page) if (state === 'in') names.push(sk.slice(PREFIX.length));
    }
    return names;
  }

  /** Everyone in a channel, read consistently. Includes every subscription that was acknowledged before. */
  async *members(service: string, channel: string): AsyncGenerator<Member, void, undefined> {
    assertChannelName(channel);
    for await (const item of memberRows(this.table, channelPk(service, channel))) yield toMember(item);
  }

  /** A closed connection leaves all of its channels, which are returned. One query, and two deletes a channel. */
  async leaveAll({ service, webSocketId }: MemberKey): Promise<string[]> {
    const left: string[] = [];
    const range = { pk: connectionKey(webSocketId).pk, prefix: PREFIX };
    for await (const page of pages(this.table, range)) {
      await inTurns(page, AT_A_TIME, ({ sk, token }) =>
        this.#remove({ service, webSocketId, channel: sk.slice(PREFIX.length) }, token !== undefined),
      );
      left.push(...page.flatMap(({ sk, state }) => (state === 'left' ? [] : [sk.slice(PREFIX.length)])));
    }
    return left;
  }

  async #enter(member: ChannelMember): Promise<void> {
    await this.#putMembership(member);
    await this.#putMember(member);
  }

  /**
   * Puts the member first and then checks, and checks again after a delete. If two processes meet, the later one sees
   * what the other has done. Returns 0 if the connection is not in the channel, else 1 or, if asked to count, its
   * number of channels: one query instead of one read.
   */
  async #join(joining: ChannelMember, counts = false): Promise<number> {
    const { webSocketId, channel } = joining;
    let member = joining;
    const membership = membershipKey(webSocketId, channel);
    do {
      await this.#putMember(member);
      const [connection, joined] = await Promise.all([
        this.#open(webSocketId),
        counts
          ? this.channelsOf(webSocketId)
          : this.#isIn(membership).then((isIn) => (isIn ? [channel] : [])),
      ]);
      if (connection && joined.includes(channel)) {
        if (isSameIdentity(connection, member)) return joined.length;
        // It has been identified meanwhile, perhaps by a process that did not see this member yet.
        member = withIdentity(member, connection);
        continue;
      }
      await this.table.delete(memberKey(member), always);
      if (!connection) {
        await this.table.delete(membership, always);
        return 0;
      }
    } while (await this.#isIn(membership));
    return 0;
  }

  /** Stores the user in the connection's row of a channel, unless it was identified later. */
  async identifyMember(
    key: MemberKey & { channel: string },
    identity: KnownIdentity,
    order: string,
  ): Promise<void> {
    const { set, remove } = identityChange(identity);
    const change = { set: { ...set, renamedAt: order }, remove };
    await this.table.update(memberKey(key), change, all(itemExists, notIdentifiedAfter(order)));
  }

  /** Leaves alone what else is noted of it: by whom a log was joined. `false` if a later frame has unsubscribed. */
  async #putMembership({ webSocketId, channel }: ChannelMember, by?: ClientRequest): Promise<boolean> {
    assertChannelName(channel);
    const set = { state: 'in', expiresAt: this.#expiresAt(), ...(by && { order: orderOf(by) }) };
    const key = membershipKey(webSocketId, channel);
    return (await this.table.update(key, { set }, by ? notChangedAfter(by) : always)) !== undefined;
  }

  /** So that an earlier frame, which may still be on its way, does not subscribe any more. */
  async #rememberUnsubscribed(membership: Key, by: ClientRequest): Promise<void> {
    const expiresAt = expiryAfter(this.clock.now(), REMEMBERED_SECONDS);
    const isEarlier = all(equals('state', 'left'), notChangedAfter(by));
    await this.table.put(
      { ...membership, state: 'left', order: orderOf(by), expiresAt },
      any(itemAbsent, isEarlier),
    );
  }

  /** Remembers likewise who was a member. `false` if the membership has been changed since. */
  #leave(membership: Key, by: ClientRequest): Promise<boolean> {
    const order = orderOf(by);
    const expiresAt = expiryAfter(this.clock.now(), REMEMBERED_SECONDS);
    const isOurs = all(any(equals('state', 'leaving'), equals('state', 'left')), equals('order', order));
    return this.table.put({ ...membership, state: 'left', order, expiresAt }, isOurs);
  }

  async #putMember(member: ChannelMember): Promise<void> {
    const { callbackUrl, serverFunction, acceptedAt } = member;
    const expiresAt = this.#expiresAt();
    const { since } = member;
    const identity = { ...identityOf(member), ...(since !== undefined && { since }) };
    await this.table.put(
      { ...memberKey(member), callbackUrl, serverFunction, acceptedAt, ...identity, expiresAt },
      // One that has joined a log is there already, and its place in the log must not be lost.
      absent('token'),
    );
  }

  /** The user of an open connection; `undefined` if it has closed. */
  async #open(webSocketId: string): Promise<KnownIdentity | undefined> {
    const item = await this.table.get(connectionKey(webSocketId));
    return item?.state === 'open' ? identityOf(toConnection(item)) : undefined;
  }

  async #isIn(membership: Key): Promise<boolean> {
    return (await this.table.get(membership))?.state === 'in';
  }

  /** Deletes the member first, because a leftover membership can be found again. */
  async #remove(member: MemberKey & { channel: string }, hasJoined: boolean): Promise<void> {
    if (hasJoined) await this.table.delete(joinKey(member, member.webSocketId), always);
    await this.table.delete(memberKey(member), always);
    await this.table.delete(membershipKey(member.webSocketId, member.channel), always);
  }

  /** When it joins, unless it connected only just now: each byte of a member is read with each publication. */
  #since({ acceptedAt }: Member): { since?: number } {
    const now = this.clock.now();
    return now > acceptedAt + AS_IT_CONNECTED_MILLISECONDS ? { since: now } : {};
  }

  #expiresAt(): number {
    return expiryAfter(this.clock.now(), LAST_RESORT_SECONDS);
  }
}

function membershipKey(webSocketId: string, channel: string): Key {
  return { pk: connectionKey(webSocketId).pk, sk: PREFIX + channel };
}
