/**
 * Who is in which channel, kept on both sides: a channel's members are what a publication goes through, a connection's
 * memberships are the way back that its departure takes. The membership holds the truth; both sides agree when nothing is under way.
 *
 * CONNECTION#{id} / CHANNEL#{channel}                  the membership: `in`, or `leaving`
 * CHANNEL#{service}#{channel} / MEMBER#{hh}#{id}       the member: what a post needs
 */

import type { Clock } from '../clock';
import {
  channelPk,
  connectionKey,
  type Member,
  type MemberKey,
  memberKey,
  toConnection,
  toMember,
} from '../connections/connection-items';
import { LAST_RESORT_SECONDS } from '../connections/connection-store';
import { identityChange, identityOf, isSameIdentity, type KnownIdentity } from '../connections/identity';
import { allOver } from '../delivery/all-over';
import { InvalidValueError, TooManyChannelsError } from '../errors';
import { always, equals, itemExists } from '../table/conditions';
import { expiryAfter, type Key } from '../table/item';
import { pages, type Table } from '../table/table';

/** Channels of one connection that are entered or left side by side. */
const AT_A_TIME = 25;
const PREFIX = 'CHANNEL#';

/** A member of a channel that has a name of its own. */
type ChannelMember = Member & { channel: string };

/** @throws InvalidValueError for a name with other characters than letters, digits and `_ - . : /`, or of more than 128 */
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
   * `false` if the connection is closed, or somebody unsubscribed it meanwhile. Two writes, two reads. However many subscribe at
   * once, no more than `most` channels are acknowledged: whoever put one too many sees it, and takes its own out again.
   * @throws TooManyChannelsError
   */
  async subscribe(member: Member, channel: string, most = Number.POSITIVE_INFINITY): Promise<boolean> {
    await this.#putMembership({ ...member, channel });
    const count = await this.#join({ ...member, channel }, most < Number.POSITIVE_INFINITY);
    if (count <= most) return count > 0;
    await this.unsubscribe(member, channel);
    throw new TooManyChannelsError(member.webSocketId, channel, most);
  }

  /**
   * Several at a time. `false` if one of them could not be subscribed to. Two writes a channel, and two reads for all that are
   * subscribed to at a time; where these see that something came between, the channel is looked at by itself.
   */
  async subscribeAll(member: Member, channels: Iterable<string>): Promise<boolean> {
    for (const some of inTurns([...channels])) {
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

  /** `false` if it was not subscribed, or somebody subscribed it again meanwhile. Three writes. */
  async unsubscribe(member: Member, channel: string): Promise<boolean> {
    assertChannelName(channel);
    const membership = membershipKey(member.webSocketId, channel);
    const leaving = await this.table.update(membership, { set: { state: 'leaving' } }, itemExists);
    await this.table.delete(memberKey({ ...member, channel }), always);
    const left = await this.table.delete(membership, equals('state', 'leaving'));
    if (!left && (await this.#isIn(membership))) {
      await this.#join({ ...member, channel });
      return false;
    }
    return leaving !== undefined;
  }

  /** The names of the channels that a connection is in, in order, read consistently. */
  async channelsOf(webSocketId: string): Promise<string[]> {
    const range = { pk: connectionKey(webSocketId).pk, prefix: PREFIX };
    const names: string[] = [];
    for await (const page of pages(this.table, range)) {
      for (const { sk, state } of page) if (state === 'in') names.push(sk.slice(PREFIX.length));
    }
    return names;
  }

  /** Everyone in a channel, read consistently: whoever's subscription was acknowledged before is among them. */
  async *members(service: string, channel: string): AsyncGenerator<Member, void, undefined> {
    assertChannelName(channel);
    const range = { pk: channelPk(service, channel), prefix: 'MEMBER#' };
    for await (const page of pages(this.table, range)) for (const item of page) yield toMember(item);
  }

  /** A closed connection leaves all of its channels. One query, and two deletes a channel. */
  async leaveAll({ service, webSocketId }: MemberKey): Promise<void> {
    const range = { pk: connectionKey(webSocketId).pk, prefix: PREFIX };
    for await (const page of pages(this.table, range)) {
      for (const some of inTurns(page.map(({ sk }) => sk.slice(PREFIX.length)))) {
        await allOver(some.map((channel) => this.#remove({ service, webSocketId, channel })));
      }
    }
  }

  async #enter(member: ChannelMember): Promise<void> {
    await this.#putMembership(member);
    await this.#putMember(member);
  }

  /**
   * The member is put first and asked about after, and asked about once more when it has been deleted: of two that meet, whoever
   * comes last sees what the other has done. Returns 0 if the connection is not in the channel, else 1 or, if asked to count, how
   * many channels it is in: one query in place of one read.
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
        // It has been identified meanwhile, perhaps by somebody who did not see this member yet.
        const { user: _, info: __, ...others } = member;
        member = { ...others, ...connection };
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

  /** Notes in the connection's row in a channel whom it belongs to. */
  async identifyMember(key: MemberKey & { channel: string }, identity: KnownIdentity): Promise<void> {
    await this.table.update(memberKey(key), identityChange(identity), itemExists);
  }

  async #putMembership({ webSocketId, channel }: ChannelMember): Promise<void> {
    assertChannelName(channel);
    const expiresAt = this.#expiresAt();
    await this.table.put({ ...membershipKey(webSocketId, channel), state: 'in', expiresAt }, always);
  }

  async #putMember(member: ChannelMember): Promise<void> {
    const { callbackUrl, serverFunction, acceptedAt } = member;
    const expiresAt = this.#expiresAt();
    const identity = identityOf(member);
    await this.table.put(
      { ...memberKey(member), callbackUrl, serverFunction, acceptedAt, ...identity, expiresAt },
      always,
    );
  }

  /** Whom an open connection belongs to; `undefined` if it has closed. */
  async #open(webSocketId: string): Promise<KnownIdentity | undefined> {
    const item = await this.table.get(connectionKey(webSocketId));
    return item?.state === 'open' ? identityOf(toConnection(item)) : undefined;
  }

  async #isIn(membership: Key): Promise<boolean> {
    return (await this.table.get(membership))?.state === 'in';
  }

  /** The member first: a membership that is left behind is found again. */
  async #remove(member: MemberKey & { channel: string }): Promise<void> {
    await this.table.delete(memberKey(member), always);
    await this.table.delete(membershipKey(member.webSocketId, member.channel), always);
  }

  #expiresAt(): number {
    return expiryAfter(this.clock.now(), LAST_RESORT_SECONDS);
  }
}

function membershipKey(webSocketId: string, channel: string): Key {
  return { pk: connectionKey(webSocketId).pk, sk: PREFIX + channel };
}

/** Not all at once. */
function* inTurns(channels: string[]): Generator<string[], void, undefined> {
  for (let at = 0; at < channels.length; at += AT_A_TIME) yield channels.slice(at, at + AT_A_TIME);
}
