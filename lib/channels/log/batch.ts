/**
 * Posts some lines to everybody in a range at once, and to each member one frame after the other. A member that does
 * not get everything is cut.
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
import type { PosterLease } from './poster-lease';
import { idOf, type Stragglers } from './stragglers';

/** How long everybody waits for a few members when nobody else is left. */
export const PATIENCE_MILLISECONDS = 1_000;
/** If more than every tenth is left, it is not they who are slow. */
const FEW = 0.1;

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
  readonly #undecided = new Set<string>();
  /** Those whose post API Gateway throttled, until it is retried: it is not they who are slow. */
  readonly #throttled = new Set<string>();
  readonly #unreached: { webSocketId: string; nothing: boolean }[] = [];
  readonly #refused: ConnectionsApiError[] = [];
  #areAllRead = false;

  constructor(private readonly with_: BatchCollaborators) {}

  /** @throws ConnectionsApiError if this process may not post: then nobody has got anything */
  async post(frames: string[]): Promise<void> {
    const { service, lease, stragglers } = this.with_;
    lease.isHalfPosted = true;
    let restart = () => {};
    const posting = service.deliverOnce(frames, {
      to: this.#ready(),
      deadline: lease.postsUntil,
      decided: ({ webSocketId }) => {
        this.#undecided.delete(webSocketId);
        restart();
      },
      throttled: ({ webSocketId }, isWaiting) => {
        if (isWaiting) this.#throttled.add(webSocketId);
        else this.#throttled.delete(webSocketId);
        restart();
      },
      unreached: ({ webSocketId }, sent, why) => {
        if (sent === 0 && isRefusal(why)) this.#refused.push(why);
        const nothing = sent === 0 && why === 'opening' && this.#fresh.has(webSocketId);
        this.#unreached.push({ webSocketId, nothing });
      },
    });
    const report = await this.#unlessFewAreLeft(posting, (listener) => {
      restart = listener;
    });
    if (report) this.#assertMayPost(report);
    const late = report ? [] : [...this.#undecided];
    for (const id of late) stragglers.leave(this.#row(id), posting);
    const fresh = this.#unreached.filter(({ nothing }) => nothing);
    for (const { webSocketId, nothing } of this.#unreached)
      if (!nothing) stragglers.leave(this.#row(webSocketId));
    await allOver(fresh.map(({ webSocketId }) => this.#putBack(this.#row(webSocketId))));
  }

  /** `undefined` if nobody has been decided or throttled for a while, and only a few are left. */
  #unlessFewAreLeft(
    posting: Promise<DeliveryCounts>,
    listen: (restart: () => void) => void,
  ): Promise<DeliveryCounts | undefined> {
    const { clock } = this.with_.service.backend;
    return new Promise((resolve, reject) => {
      let cancel = () => {};
      const wait = () => {
        cancel();
        // The posts end by then, unless the process does.
        if (clock.now() >= this.with_.lease.postsUntil) return;
        cancel = clock.after(PATIENCE_MILLISECONDS, () => {
          const left = this.#undecided.size;
          if (
            this.#areAllRead &&
            this.#throttled.size === 0 &&
            left > 0 &&
            left <= Math.max(1, FEW * this.#rows.size)
          ) {
            if (this.#rows.size > left) return resolve(undefined);
          }
          wait();
        });
      };
      listen(wait);
      wait();
      posting.then(resolve, reject).finally(() => {
        listen(() => {});
        cancel();
      });
    });
  }

  #assertMayPost({ sent }: DeliveryCounts): void {
    const [refusal] = this.#refused;
    if (!refusal || sent > 0 || this.#refused.length < this.#unreached.length) return;
    this.with_.lease.isHalfPosted = false;
    throw refusal;
  }

  /** The members to post to. Those that did not ask for their position begin with this batch. */
  async *#ready(): AsyncGenerator<Member, void, undefined> {
    const { service, pk, range, epoch, stragglers } = this.with_;
    for await (const page of pages(service.backend.table, { pk, prefix: `MEMBER#${range}` })) {
      this.members += page.length;
      const ready: Item[] = [];
      const others: Promise<unknown>[] = [];
      for (const item of page) {
        const { token, from } = item;
        const id = idOf(item);
        // What is on its way to one that was left behind comes before anything else.
        if (stragglers.has(id) || (token !== undefined && from === undefined)) continue;
        if (item.cut === true || (from !== undefined && item.epoch !== epoch)) stragglers.leave(item);
        else if (from !== undefined) ready.push(item);
        else others.push(this.#start(item).then((row) => row && ready.push(row) && this.#fresh.add(id)));
      }
      await allOver(others);
      for (const item of ready) {
        const id = idOf(item);
        this.#rows.set(id, item);
        this.#undecided.add(id);
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
