/**
 * Limits how many connections one user has to a service at a time.
 *
 * USER#{service}#{user} / SOCKET#{id}    a connection of the user, from its handshake until its cleanup
 */
import type { Clock } from '../clock';
import { LAST_RESORT_SECONDS } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import { OPENING_WINDOW_MILLISECONDS } from '../connections/opening-window';
import { allOver } from '../delivery/all-over';
import { always } from '../table/conditions';
import { expiryAfter, type Item, type Key } from '../table/item';
import { pages, type Table } from '../table/table';

const PREFIX = 'SOCKET#';

export class UserConnections {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
    private readonly service: string,
    private readonly most: number,
  ) {}

  /**
   * Counts a connection during its handshake. `false` if the user already has as many as allowed. Costs one write and one read, and
   * another read for each connection that may have disconnected unnoticed. The row is put before the others are counted, and deleted if
   * there are too many. So if several handshakes reach the limit at the same time, all of them may be refused.
   */
  async admit(user: string, webSocketId: string): Promise<boolean> {
    const joinedAt = this.clock.now();
    const expiresAt = expiryAfter(joinedAt, LAST_RESORT_SECONDS);
    await this.table.put({ ...this.#key(user, webSocketId), joinedAt, expiresAt }, always);
    const sockets: Item[] = [];
    for await (const page of pages(this.table, { pk: this.#pk(user), prefix: PREFIX })) sockets.push(...page);
    if (sockets.length <= this.most) return true;
    const gone = await allOver(sockets.map((socket) => this.#forgetIfGone(socket)));
    if (gone.filter((hasGone) => !hasGone).length <= this.most) return true;
    await this.leave(user, webSocketId);
    return false;
  }

  /** The connection has closed. */
  async leave(user: string, webSocketId: string): Promise<void> {
    await this.table.delete(this.#key(user, webSocketId), always);
  }

  /** Whether the handshake failed half-way, or the end of the connection was not recorded here. A new one may still be in its handshake. */
  async #forgetIfGone({ pk, sk, joinedAt }: Item): Promise<boolean> {
    if ((joinedAt as number) > this.clock.now() - OPENING_WINDOW_MILLISECONDS) return false;
    const store = new ConnectionStore(this.table, this.clock);
    const connection = await store.connection(sk.slice(PREFIX.length));
    if (connection?.state === 'open') return false;
    await this.table.delete({ pk, sk }, always);
    return true;
  }

  #pk(user: string): string {
    return userPk(this.service, user);
  }

  #key(user: string, webSocketId: string): Key {
    return { pk: this.#pk(user), sk: PREFIX + webSocketId };
  }
}

/** The partition of a user's counters. */
export function userPk(service: string, user: string): string {
  return `USER#${service}#${user}`;
}
