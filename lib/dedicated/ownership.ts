/**
 * Who owns a dedicated socket: one invocation at a time. Its lease is renewed with every message, and its epoch makes
 * the writes of earlier owners fail.
 *
 * CONNECTION#{id} / OWNER   the epoch, its owner and lease, and its current message; expires with the closed mark
 */
import type { Clock } from '../clock';
import { connectionKey, LAST_RESORT_SECONDS } from '../connections/connection-items';
import { absent, all, any, equals, itemAbsent, itemExists, lessThan } from '../table/conditions';
import { expiryAfter, type Item, type Key, type Value } from '../table/item';
import type { Change, Table } from '../table/table';

export const OWNER_LEASE_MILLISECONDS = 30_000;

export interface Ownership {
  /** Grows with each owner; 0 before the first. */
  epoch: number;
  /** `undefined` after it was released. */
  owner: string | undefined;
  /** Milliseconds since the epoch. */
  until: number;
  /** The sort key of the message that was taken last, and how many owners have taken it. */
  taken: string | undefined;
  attempts: number;
  /** How often the socket was handed over. */
  hops: number;
  /** What `onHandover` saved. */
  state: Value | undefined;
  /** `server()` has returned. Only the cleanup is left. */
  ending: boolean;
  /**
   * Before the first owner: when a probe found that the socket can no longer be opening, in milliseconds since the
   * epoch.
   */
  goneAt: number | undefined;
}

export class OwnershipStore {
  readonly #key: Key;

  constructor(
    webSocketId: string,
    private readonly table: Table,
    private readonly clock: Clock,
  ) {
    this.#key = { ...connectionKey(webSocketId), sk: 'OWNER' };
  }

  /** `$connect` calls this. Only sockets created here can be owned. */
  async create(): Promise<void> {
    const expiresAt = expiryAfter(this.clock.now(), LAST_RESORT_SECONDS);
    await this.table.put({ ...this.#key, epoch: 0, hops: 0, attempts: 0, expiresAt }, itemAbsent);
  }

  async get(): Promise<Ownership | undefined> {
    const item = await this.table.get(this.#key);
    return item && toOwnership(item);
  }

  /** Before the first owner: a probe, sent at `goneAt`, got a 410. Only the first such time is stored. */
  async noteGone(goneAt: number): Promise<void> {
    await this.table.update(this.#key, { setIfAbsent: { goneAt } }, equals('epoch', 0));
  }

  /**
   * Begins an epoch, unless another process has begun one or the previous owner is still alive. `owner` must be new
   * for each attempt.
   */
  async takeOver(seen: Ownership, owner: string): Promise<Ownership | undefined> {
    const free = any(absent('owner'), lessThan('until', this.clock.now()));
    const item = await this.table.update(
      this.#key,
      { set: { epoch: seen.epoch + 1, owner, until: this.#until() } },
      all(itemExists, any(equals('owner', owner), all(equals('epoch', seen.epoch), free))),
    );
    return item && toOwnership(item);
  }

  /** Renews the lease. `false` if the epoch is over. */
  renew(epoch: number): Promise<boolean> {
    return this.#inEpoch(epoch, { set: { until: this.#until() } });
  }

  /** Takes a message and renews the lease. `false` if the epoch is over. */
  take(epoch: number, sk: string, attempts: number): Promise<boolean> {
    return this.#inEpoch(epoch, { set: { taken: sk, attempts, until: this.#until() } });
  }

  /** `server()` has returned. `false` if the epoch is over. */
  beginEnding(epoch: number): Promise<boolean> {
    return this.#inEpoch(epoch, { set: { ending: true, until: this.#until() } });
  }

  /** Releases the lease, so that the next owner need not wait for it to expire. `false` if the epoch is over. */
  release(epoch: number): Promise<boolean> {
    return this.#inEpoch(epoch, { remove: ['owner', 'until'] });
  }

  /** Releases the lease to a new invocation, which gets `state`. `false` if the epoch is over. */
  handOver(epoch: number, hops: number, state: Value | undefined): Promise<boolean> {
    const remove = ['owner', 'until', ...(state === undefined ? ['state'] : [])];
    return this.#inEpoch(epoch, { set: { hops, ...(state !== undefined && { state }) }, remove });
  }

  /** Lets the row expire with the closed mark. */
  async expire(expiresAt: number): Promise<void> {
    await this.table.update(this.#key, { set: { expiresAt } }, itemExists);
  }

  async #inEpoch(epoch: number, change: Change): Promise<boolean> {
    return (await this.table.update(this.#key, change, equals('epoch', epoch))) !== undefined;
  }

  #until(): number {
    return this.clock.now() + OWNER_LEASE_MILLISECONDS;
  }
}

/** Whether nobody owns the socket, or its owner has crashed. */
export function isFree({ owner, until }: Ownership, now: number): boolean {
  return owner === undefined || until < now;
}

function toOwnership({ epoch, owner, until, taken, attempts, hops, state, ending, goneAt }: Item): Ownership {
  return {
    epoch: epoch as number,
    owner: owner as string | undefined,
    until: (until as number | undefined) ?? 0,
    taken: taken as string | undefined,
    attempts: attempts as number,
    hops: hops as number,
    state,
    ending: ending === true,
    goneAt: goneAt as number | undefined,
  };
}
