/**
 * Connections that join a channel with a log. Each becomes a member, and requests its position. The channel's poster
 * admits it and answers.
 */
import type { Clock } from '../../clock';
import { LAST_RESORT_SECONDS, type Member } from '../../connections/connection-items';
import { identityChange, isSameIdentity } from '../../connections/identity';
import { absent, all, any, equals, lessThan, notBeyond } from '../../table/conditions';
import { expiryAfter } from '../../table/item';
import type { Table } from '../../table/table';
import type { ClientRequest } from '../client-order';
import { joiningAt, memberItem } from '../member-items';
import { Memberships } from '../memberships';
import { joinKey, type Position } from './log-items';

/** What a connection that joins a log is answered by. */
export interface JoinRequest {
  /** Fresh for each. */
  token: string;
  since?: Position;
  /** JSON that is handed to the answer. */
  request?: string;
  /** Whether the server subscribes it without a request from the client. */
  byServer?: boolean;
  /** The client's frame that asked for it. */
  by?: ClientRequest;
}

export class LogJoins {
  readonly #memberships: Memberships;

  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {
    this.#memberships = new Memberships(table, clock);
  }

  /**
   * Returns how many channels the connection is in now, or 0 if it is closed or was unsubscribed in the meantime. If
   * there are more than `most`, the request has been withdrawn. If two joins run at the same time, the later one
   * counts. Three writes, two reads.
   */
  async join(member: Member, channel: string, asked: JoinRequest, most: number): Promise<number> {
    const { webSocketId } = member;
    const now = this.clock.now();
    const token = `${String(now).padStart(15, '0')} ${asked.token}`;
    const item = memberItem({ ...member, channel, ...joiningAt(now, member) }, now);
    const key = { pk: item.pk, sk: item.sk };
    const join = joinKey({ ...member, channel }, webSocketId);
    await this.#memberships.join({ webSocketId, channel }, token, asked.by);
    await this.table.put(
      { ...item, ...(asked.byServer && { byServer: true }), token },
      // A late copy must not undo the admission.
      any(absent('token'), lessThan('token', token), all(equals('token', token), absent('from'))),
    );
    const { since, request } = asked;
    await this.table.put(
      {
        ...{ ...join, token, expiresAt: expiryAfter(now, LAST_RESORT_SECONDS) },
        ...(since && { since: { ...since } }),
        ...(request !== undefined && { request }),
      },
      notBeyond('token', token),
    );
    const [connection, joined] = await Promise.all([
      this.#memberships.ofOpen(webSocketId),
      this.#memberships.channelsOf(webSocketId),
    ]);
    const isIn = connection !== undefined && joined.includes(channel);
    if (isIn && joined.length <= most) {
      // The connection was identified in the meantime, perhaps by a process that did not see this member yet.
      if (!isSameIdentity(connection, member))
        await this.table.update(key, identityChange(connection), equals('token', token));
      return joined.length;
    }
    await this.table.delete(join, equals('token', token));
    await this.table.delete(key, equals('token', token));
    if (!connection) await this.#memberships.delete({ webSocketId, channel });
    return isIn ? joined.length : 0;
  }
}
