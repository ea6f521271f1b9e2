/**
 * Who is in which channel, stored on both sides. A publication reads a channel's members. A departure reads a
 * connection's memberships. The membership holds the truth, and both sides agree when nothing is under way.
 *
 * CONNECTION#{id} / CHANNEL#{channel}                  the membership: see memberships.ts
 * CHANNEL#{service}#{channel} / MEMBER#{hh}#{id}       the member: what a post needs
 */

import type { Clock } from '../clock';
import { channelPk, type Member, type MemberKey, memberKey, toMember } from '../connections/connection-items';
import { notIdentifiedAfter } from '../connections/identification-order';
import { identityChange, isSameIdentity, type KnownIdentity, withIdentity } from '../connections/identity';
import { memberRows } from '../connections/member-rows';
import { allOver } from '../delivery/all-over';
import { inTurns, turnsOf } from '../delivery/in-turns';
import { TooManyChannelsError } from '../errors';
import { absent, all, always, atMost, itemExists, notBeyond } from '../table/conditions';
import type { Table } from '../table/table';
import { assertChannelName } from './channel-names';
import type { ClientRequest } from './client-order';
import { joinKey } from './log/log-items';
import { type JoinRequest, LogJoins } from './log/log-joins';
import { type ChannelMember, joiningAt, memberItem } from './member-items';
import { Memberships } from './memberships';

/** How many channels of one connection are subscribed or unsubscribed at a time. */
const AT_A_TIME = 25;

export class ChannelStore {
  readonly #memberships: Memberships;

  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {
    this.#memberships = new Memberships(table, clock);
  }

  /**
   * `false` if the connection is closed, or another process has unsubscribed it in the meantime. Two writes, two
   * reads. However many subscriptions run at the same time, at most `most` channels are acknowledged: a subscription
   * that finds too many withdraws. `by` is the client's frame with the request: if a later frame has unsubscribed,
   * that one counts.
   * @throws TooManyChannelsError
   */
  async subscribe(
    member: Member,
    channel: string,
    most = Number.POSITIVE_INFINITY,
    by?: ClientRequest,
  ): Promise<boolean> {
    assertChannelName(channel);
    if (!(await this.#memberships.enter({ ...member, channel }, by))) return false;
    const joining = { ...member, channel, ...joiningAt(this.clock.now(), member) };
    return this.#atMost(most, member, channel, await this.#enter(joining, most < Number.POSITIVE_INFINITY));
  }

  /**
   * Joins a channel with a log: the channel's poster admits the connection and answers with its position. If two
   * joins run at the same time, the later one counts. `false` if the connection is closed, or was unsubscribed in the
   * meantime. Three writes, two reads.
   * @throws TooManyChannelsError
   */
  async join(
    member: Member,
    channel: string,
    asked: JoinRequest,
    most = Number.POSITIVE_INFINITY,
  ): Promise<boolean> {
    assertChannelName(channel);
    const count = await new LogJoins(this.table, this.clock).join(member, channel, asked, most);
    return this.#atMost(most, member, channel, count);
  }

  /**
   * Several channels at a time. `false` if one of them could not be subscribed to. Two writes for each channel, and
   * two reads for all of them. If these reads detect a concurrent change, that channel is checked separately.
   */
  async subscribeAll(member: Member, channels: Iterable<string>): Promise<boolean> {
    for (const some of turnsOf([...channels], AT_A_TIME)) {
      const members = some.map((channel) => ({ ...member, channel }));
      await allOver(members.map((one) => this.#putBoth(one)));
      const [connection, joined] = await Promise.all([
        this.#memberships.ofOpen(member.webSocketId),
        this.channelsOf(member.webSocketId),
      ]);
      const isSame = connection && isSameIdentity(connection, member);
      const doubtful = members.filter(({ channel }) => !isSame || !joined.includes(channel));
      const subscribed = await allOver(doubtful.map((one) => this.#enter(one)));
      if (subscribed.includes(0)) return false;
    }
    return true;
  }

  /**
   * `false` if it was not subscribed, or another process has subscribed it again in the meantime. Three writes. `by`
   * is the client's frame with the request: if a later frame has subscribed, that one counts.
   */
  async unsubscribe(member: Member, channel: string, by?: ClientRequest): Promise<boolean> {
    assertChannelName(channel);
    const key = { webSocketId: member.webSocketId, channel };
    const leaving = await this.#memberships.beginLeaving(key, by);
    if (!leaving && by) {
      await this.#memberships.rememberLeft(key, by);
      return false;
    }
    const token = leaving?.token as string | undefined;
    if (token !== undefined)
      await this.table.delete(joinKey({ ...member, channel }, member.webSocketId), atMost('token', token));
    // A connection that has joined the log since keeps its row.
    const before = token === undefined ? absent('token') : notBeyond('token', token);
    await this.table.delete(memberKey({ ...member, channel }), before);
    if (!(await this.#memberships.finishLeaving(key, by)) && (await this.#memberships.isIn(key))) {
      await this.#enter({ ...member, channel });
      return false;
    }
    return leaving !== undefined;
  }

  /** Whether a connection is in a channel, read consistently. */
  isIn(webSocketId: string, channel: string): Promise<boolean> {
    return this.#memberships.isIn({ webSocketId, channel });
  }

  /** The names of a connection's channels, in order, read consistently. */
  channelsOf(webSocketId: string): Promise<string[]> {
    return this.#memberships.channelsOf(webSocketId);
  }

  /** Everyone in a channel, read consistently. Includes every subscription that was acknowledged before. */
  async *members(service: string, channel: string): AsyncGenerator<Member, void, undefined> {
    assertChannelName(channel);
    for await (const item of memberRows(this.table, channelPk(service, channel))) yield toMember(item);
  }

  /** A closed connection leaves all of its channels, which are returned. One query, and two deletes a channel. */
  async leaveAll({ service, webSocketId }: MemberKey): Promise<string[]> {
    const left: string[] = [];
    for await (const page of this.#memberships.pages(webSocketId)) {
      await inTurns(page, AT_A_TIME, ({ channel, hasJoinedLog }) =>
        this.#remove({ service, webSocketId, channel }, hasJoinedLog),
      );
      left.push(...page.flatMap(({ channel, state }) => (state === 'left' ? [] : [channel])));
    }
    return left;
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

  /** @throws TooManyChannelsError, after it has left the channel again */
  async #atMost(most: number, member: Member, channel: string, count: number): Promise<boolean> {
    if (count <= most) return count > 0;
    await this.unsubscribe(member, channel);
    throw new TooManyChannelsError(member.webSocketId, channel, most);
  }

  async #putBoth(member: ChannelMember): Promise<void> {
    assertChannelName(member.channel);
    await this.#memberships.enter(member);
    await this.#putMember(member);
  }

  /**
   * Puts the member first and then checks, and checks again after a delete. If two processes meet, the later one sees
   * what the other has done. Returns 0 if the connection is not in the channel, else 1 or, if asked to count, its
   * number of channels: one query instead of one read.
   */
  async #enter(joining: ChannelMember, counts = false): Promise<number> {
    const { webSocketId, channel } = joining;
    let member = joining;
    do {
      await this.#putMember(member);
      const [connection, joined] = await Promise.all([
        this.#memberships.ofOpen(webSocketId),
        counts
          ? this.channelsOf(webSocketId)
          : this.isIn(webSocketId, channel).then((isIn) => (isIn ? [channel] : [])),
      ]);
      if (connection && joined.includes(channel)) {
        if (isSameIdentity(connection, member)) return joined.length;
        // It has been identified in the meantime, perhaps by a process that did not see this member yet.
        member = withIdentity(member, connection);
        continue;
      }
      await this.table.delete(memberKey(member), always);
      if (!connection) {
        await this.#memberships.delete({ webSocketId, channel });
        return 0;
      }
    } while (await this.isIn(webSocketId, channel));
    return 0;
  }

  async #putMember(member: ChannelMember): Promise<void> {
    // One that has joined a log is there already, and its place in the log must not be lost.
    await this.table.put(memberItem(member, this.clock.now()), absent('token'));
  }

  /** Deletes the member first, because a leftover membership can be found again. */
  async #remove(member: MemberKey & { channel: string }, hasJoinedLog: boolean): Promise<void> {
    if (hasJoinedLog) await this.table.delete(joinKey(member, member.webSocketId), always);
    await this.table.delete(memberKey(member), always);
    await this.#memberships.delete(member);
  }
}
