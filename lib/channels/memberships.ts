/**
 * A connection's side of its channels, which holds the truth.
 *
 * CONNECTION#{id} / CHANNEL#{channel}   the membership: `in`, `leaving`, or `left` while an earlier frame may come
 */
import type { Clock } from '../clock';
import { connectionKey, LAST_RESORT_SECONDS, toConnection } from '../connections/connection-items';
import { identityOf, type KnownIdentity } from '../connections/identity';
import { all, always, any, equals, itemAbsent, itemExists, notBeyond } from '../table/conditions';
import { expiryAfter, type Item, type Key } from '../table/item';
import { pages, type Table } from '../table/table';
import { type ClientRequest, notChangedAfter, orderOf, REMEMBERED_SECONDS } from './client-order';

const PREFIX = 'CHANNEL#';
const isMember = any(equals('state', 'in'), equals('state', 'leaving'));

/** A connection in a channel. */
export interface MembershipKey {
  webSocketId: string;
  channel: string;
}

export class Memberships {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {}

  /** Keeps the token by which a log was joined. `false` if a later frame has unsubscribed. */
  async enter(key: MembershipKey, by?: ClientRequest): Promise<boolean> {
    const set = { state: 'in', expiresAt: this.#expiresAt(), ...(by && { order: orderOf(by) }) };
    const item = await this.table.update(itemKey(key), { set }, by ? notChangedAfter(by) : always);
    return item !== undefined;
  }

  /** Of a channel with a log, unless a later subscription, or a later frame, has changed it. */
  async join(key: MembershipKey, token: string, by?: ClientRequest): Promise<void> {
    const isLater = notBeyond('token', token);
    await this.table.put(
      {
        ...itemKey(key),
        state: 'in',
        token,
        ...(by && { order: orderOf(by) }),
        expiresAt: this.#expiresAt(),
      },
      by ? all(isLater, notChangedAfter(by)) : isLater,
    );
  }

  /** What it was, if it was in the channel. */
  beginLeaving(key: MembershipKey, by?: ClientRequest): Promise<Item | undefined> {
    const set = { state: 'leaving', ...(by && { order: orderOf(by) }) };
    return this.table.update(itemKey(key), { set }, by ? all(isMember, notChangedAfter(by)) : itemExists);
  }

  /** `false` if it has been changed since. What a client's frame has left is remembered for a minute. */
  finishLeaving(key: MembershipKey, by?: ClientRequest): Promise<boolean> {
    if (!by) return this.table.delete(itemKey(key), equals('state', 'leaving'));
    const order = orderOf(by);
    const isOurs = all(any(equals('state', 'leaving'), equals('state', 'left')), equals('order', order));
    return this.table.put(
      { ...itemKey(key), state: 'left', order, expiresAt: this.#rememberedUntil() },
      isOurs,
    );
  }

  /** So that an earlier frame, which may still be on its way, does not subscribe any more. */
  async rememberLeft(key: MembershipKey, by: ClientRequest): Promise<void> {
    const isEarlier = all(equals('state', 'left'), notChangedAfter(by));
    await this.table.put(
      { ...itemKey(key), state: 'left', order: orderOf(by), expiresAt: this.#rememberedUntil() },
      any(itemAbsent, isEarlier),
    );
  }

  async delete(key: MembershipKey): Promise<void> {
    await this.table.delete(itemKey(key), always);
  }

  async isIn(key: MembershipKey): Promise<boolean> {
    return (await this.table.get(itemKey(key)))?.state === 'in';
  }

  /** The names of a connection's channels, in order, read consistently. */
  async channelsOf(webSocketId: string): Promise<string[]> {
    const names: string[] = [];
    for await (const page of this.pages(webSocketId))
      for (const { channel, state } of page) if (state === 'in') names.push(channel);
    return names;
  }

  /** All of a connection, also those that it is leaving or has left. */
  async *pages(
    webSocketId: string,
  ): AsyncGenerator<{ channel: string; state: string; hasJoinedLog: boolean }[], void, undefined> {
    for await (const page of pages(this.table, { pk: connectionKey(webSocketId).pk, prefix: PREFIX })) {
      yield page.map(({ sk, state, token }) => ({
        ...{ channel: sk.slice(PREFIX.length), state: state as string },
        hasJoinedLog: token !== undefined,
      }));
    }
  }

  /** The user of an open connection; `undefined` if it has closed. */
  async ofOpen(webSocketId: string): Promise<KnownIdentity | undefined> {
    const item = await this.table.get(connectionKey(webSocketId));
    return item?.state === 'open' ? identityOf(toConnection(item)) : undefined;
  }

  #expiresAt(): number {
    return expiryAfter(this.clock.now(), LAST_RESORT_SECONDS);
  }

  #rememberedUntil(): number {
    return expiryAfter(this.clock.now(), REMEMBERED_SECONDS);
  }
}

function itemKey({ webSocketId, channel }: MembershipKey): Key {
  return { pk: connectionKey(webSocketId).pk, sk: PREFIX + channel };
}
