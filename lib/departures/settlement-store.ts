/**
 * The conditions with which a connection is closed and cleaned up exactly once: a cleanup has a lease, and another process takes it
 * over if it crashes.
 */
import type { Clock } from '../clock';
import {
  type Connection,
  connectionKey,
  type Member,
  type MemberKey,
  memberKey,
  toConnection,
  toMember,
} from '../connections/connection-items';
import { absent, all, always, any, equals, itemExists, lessThan } from '../table/conditions';
import { expiryAfter } from '../table/item';
import type { Table } from '../table/table';

/** How long a cleanup has before the sweep takes over. Longer than the routes function may run. */
export const SETTLEMENT_LEASE_MILLISECONDS = 45_000;
/** How long a closed mark is kept after the cleanup. */
export const CLOSED_MARK_SECONDS = 10 * 60;

/** What API Gateway said about the end of the connection, if anything. */
export interface Close {
  code?: number;
  reason?: string;
}

export class SettlementStore {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {}

  /** A dedicated connection has closed. It counts as closed and is no longer listed, and its owner cleans it up. */
  async markClosed(key: MemberKey, close: Close): Promise<void> {
    await this.table.update(
      connectionKey(key.webSocketId),
      { set: { state: 'closed', closedAt: this.clock.now(), ...closeAttributes(close) } },
      equals('state', 'open'),
    );
    await this.leave(key);
  }

  /**
   * Begins a cleanup. From now on, the connection counts as closed. `undefined` if it does not exist or another process is cleaning it
   * up. `settler` must be new for each attempt.
   */
  async begin(webSocketId: string, settler: string, close: Close = {}): Promise<Connection | undefined> {
    const item = await this.table.update(
      connectionKey(webSocketId),
      {
        set: {
          ...{ state: 'closed', settler, leaseUntil: this.#leaseUntil(), closedAt: this.clock.now() },
          ...closeAttributes(close),
        },
      },
      any(
        equals('state', 'open'),
        all(equals('state', 'closed'), any(absent('settler'), equals('settler', settler)), absent('done')),
      ),
    );
    return item && toConnection(item);
  }

  /**
   * Continues the cleanup of a process that crashed. `undefined` if its lease is still valid, or another process was
   * faster.
   */
  async takeOver(stale: Connection, settler: string): Promise<Connection | undefined> {
    const mine = equals('settler', settler);
    const abandoned = all(equals('settler', stale.settler ?? ''), lessThan('leaseUntil', this.clock.now()));
    const item = await this.table.update(
      connectionKey(stale.webSocketId),
      { set: { settler, leaseUntil: this.#leaseUntil() } },
      all(equals('state', 'closed'), absent('done'), any(mine, abandoned)),
    );
    return item && toConnection(item);
  }

  /** Removes a member from lists and broadcasts. Its row stays, so that an unfinished cleanup can be found. */
  async leave(key: MemberKey): Promise<Member | undefined> {
    const item = await this.table.update(memberKey(key), { set: { left: true } }, itemExists);
    return item && toMember(item);
  }

  /** Finishes a cleanup: marks it done, lets the closed mark expire, and deletes the anchor last. */
  async finish(connection: Connection, settler: string): Promise<void> {
    const done = await this.table.update(
      connectionKey(connection.webSocketId),
      {
        set: { done: true, expiresAt: this.closedMarkExpiresAt() },
        remove: ['attributes', 'attributesRevision', 'attributesToken', 'loopState'],
      },
      all(equals('state', 'closed'), equals('settler', settler)),
    );
    if (done) await this.forgetMember(connection);
  }

  /**
   * Deletes a member's row. Only for a connection that is done, or whose anchor is old and whose own row is missing.
   */
  async forgetMember(key: MemberKey): Promise<void> {
    await this.table.delete(memberKey(key), always);
  }

  /** When a closed mark that is set now expires, in seconds since the epoch. */
  closedMarkExpiresAt(): number {
    return expiryAfter(this.clock.now(), CLOSED_MARK_SECONDS);
  }

  #leaseUntil(): number {
    return this.clock.now() + SETTLEMENT_LEASE_MILLISECONDS;
  }
}

function closeAttributes({ code, reason }: Close) {
  return {
    ...(code !== undefined && { closeCode: code }),
    ...(reason !== undefined && { closeReason: reason }),
  };
}
