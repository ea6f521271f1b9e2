/**
 * Posts some lines to all members of a range at the same time, and to each member one frame after another. A member
 * that does not get everything is cut.
 */
import { type Member, toMember } from '../../connections/connection-items';
import { allOver } from '../../delivery/all-over';
import type { DeliveryCounts } from '../../delivery/delivery-report';
import type { ConnectionsApiError } from '../../errors';
import type { ServiceContext } from '../../service-context';
import { absent, all, itemExists } from '../../table/conditions';
import type { Item } from '../../table/item';
import { pages } from '../../table/table';
import { isRefusal } from './cut';
import { Patience } from './patience';
import type { PosterLease } from './poster-lease';
import { idOf, type Stragglers } from './stragglers';

export interface BatchCollaborators {
  service: ServiceContext;
  /** The partition of the channel's members. */
  pk: string;
  range: string;
  lease: PosterLease;
  epoch: string;
  stragglers: Stragglers;
}

export class Batch {
  /** How many members there were. */
  members = 0;
  readonly #rows = new Map<string, Item>();
  /** Those who begin with this batch. */
  readonly #fresh = new Set<string>();
  readonly #unreached: { webSocketId: string; nothing: boolean }[] = [];
  readonly #refused: ConnectionsApiError[] = [];
  readonly #patience: Patience;
  #areAllRead = false;

  constructor(private readonly with_: BatchCollaborators) {
    const { service, lease } = with_;
    this.#patience = new Patience({
      clock: service.backend.clock,
      until: () => lease.postsUntil,
      everybody: () => this.#rows.size,
      isTheRest: (posts) => this.#areAllRead && this.#rows.size > posts,
    });
  }

  /** @throws ConnectionsApiError if this process may not post. Then no member has received anything */
  async post(frames: string[]): Promise<void> {
    const { service, lease, stragglers } = this.with_;
    lease.isHalfPosted = true;
    const patience = this.#patience;
    const posting = service.deliverOnce(frames, {
      to: this.#ready(),
      deadline: lease.postsUntil,
      decided: ({ webSocketId }) => patience.ends(webSocketId),
      throttled: ({ webSocketId }, isWaiting) => patience.throttled(webSocketId, isWaiting),
      unreached: ({ webSocketId }, sent, why) => {
        if (sent === 0 && isRefusal(why)) this.#refused.push(why);
        const nothing = sent === 0 && why === 'opening' && this.#fresh.has(webSocketId);
        this.#unreached.push({ webSocketId, nothing });
      },
    });
    const report = await patience.over(posting);
    if (report) this.#assertMayPost(report);
    const late = report ? [] : patience.left;
    for (const id of late) stragglers.leave(this.#row(id), posting);
    const fresh = this.#unreached.filter(({ nothing }) => nothing);
    for (const { webSocketId, nothing } of this.#unreached)
      if (!nothing) stragglers.leave(this.#row(webSocketId));
    await allOver(fresh.map(({ webSocketId }) => this.#putBack(this.#row(webSocketId))));
  }

  #assertMayPost({ sent }: DeliveryCounts): void {
    const [refusal] = this.#refused;
    if (!refusal || sent > 0 || this.#refused.length < this.#unreached.length) return;
    this.with_.lease.isHalfPosted = false;
    throw refusal;
  }

  /** The members to post to. Members that did not request their position start with this batch. */
  async *#ready(): AsyncGenerator<Member, void, undefined> {
    const { service, pk, range, epoch, stragglers } = this.with_;
    for await (const page of pages(service.backend.table, { pk, prefix: `MEMBER#${range}` })) {
      this.members += page.length;
      const ready: Item[] = [];
      const others: Promise<unknown>[] = [];
      for (const item of page) {
        const { token, from } = item;
        const id = idOf(item);
        // First finish what is still being sent to a member that was left behind.
        if (stragglers.has(id) || (token !== undefined && from === undefined)) continue;
        if (item.cut === true || (from !== undefined && item.epoch !== epoch)) stragglers.leave(item);
        else if (from !== undefined) ready.push(item);
        else others.push(this.#start(item).then((row) => row && ready.push(row) && this.#fresh.add(id)));
      }
      await allOver(others);
      for (const item of ready) {
        const id = idOf(item);
        this.#rows.set(id, item);
        this.#patience.begins(id);
        yield toMember(item);
      }
    }
    this.#areAllRead = true;
  }

  #row(webSocketId: string): Item {
    return this.#rows.get(webSocketId) as Item;
  }

  /** A member that was only subscribed by another process gets the lines from this batch on. */
  #start({ pk, sk }: Item): Promise<Item | undefined> {
    const { service, lease, epoch } = this.with_;
    return service.backend.table.update(
      { pk, sk },
      { set: { from: lease.posted, epoch } },
      all(itemExists, absent('token')),
    );
  }

  /** Its handshake has not finished, and nothing has reached it, so it begins with a later batch. */
  async #putBack({ pk, sk }: Item): Promise<void> {
    await this.with_.service.backend.table.update(
      { pk, sk },
      { remove: ['from', 'epoch'] },
      all(itemExists, absent('token')),
    );
  }
}
