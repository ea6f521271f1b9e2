/**
 * The shares of a delivery that is split over invocations of the service's function. Each share is a range of the channel's rows. The
 * share's own row says how far it has come, so that a retry or a successor continues there. Each handover begins a new turn, so that a
 * late request for an earlier turn does nothing.
 *
 * DELIVERY#{id} / CALLER             when the delivery began, the caller's counts, whether the caller is done
 * DELIVERY#{id} / SHARE#{number}     the turn, the worker and its lease, how far it is, its counts, whether it is done
 */
import type { Clock } from '../clock';
import {
  channelPk,
  MEMBER_PREFIX,
  type Member,
  serviceChannelPk,
  toMember,
} from '../connections/connection-items';
import { memberRows } from '../connections/member-rows';
import type { DeliveryOptions } from '../delivery/delivery';
import {
  type DeliveryCounts,
  type DeliveryReport,
  membersIn as decidedIn,
  emptyCounts,
  sumOf,
} from '../delivery/delivery-report';
import { absent, all, any, equals, itemExists, lessThan } from '../table/conditions';
import { expiryAfter, type Item, type Key, type Value } from '../table/item';
import { pages, type Table } from '../table/table';

/** A part of a delivery, as a worker gets it. */
export interface Share {
  delivery: string;
  number: number;
  /** How often the share was handed over. */
  turn: number;
  /** @default everyone in the service */
  channel?: string;
  /** Sort keys of its members are greater than this, and less than `until`. */
  after: string;
  /** @default to the end of the channel */
  until?: string;
  data: string;
  except: string[];
  options: Pick<DeliveryOptions, 'concurrency' | 'slowMilliseconds' | 'timeoutMilliseconds' | 'rate'>;
}

/** A member with its sort key. */
export type RangeMember = Member & { sk: string };

/** How far a share is: every member up to `after` has an outcome and is in `counts`. */
export interface ShareProgress {
  after: string;
  counts: DeliveryCounts;
}

const CALLER = 'CALLER';
const HASH_RANGES = 256;
/** A worker reads at most one page beyond its range. */
const PAGE_MEMBERS = 250;
/** Reports can be read for a day. */
const KEPT_SECONDS = 24 * 60 * 60;

/** Splits the rows after the sort key into ranges of about equal size. Rows with the same hash stay together. */
export function rangesAfter(sortKey: string, count: number): { after: string; until?: string }[] {
  const first = hashOf(sortKey) + 1;
  const parts = Math.max(1, Math.min(count, HASH_RANGES - first));
  const bounds = Array.from({ length: parts - 1 }, (_, index) => {
    const hash = first + Math.round(((index + 1) * (HASH_RANGES - first)) / parts);
    return `${MEMBER_PREFIX}${hash.toString(16).padStart(2, '0')}`;
  });
  return [sortKey, ...bounds].map((after, index) => {
    const until = bounds[index];
    return { after, ...(until !== undefined && { until }) };
  });
}

/** Estimates how many members follow, if the first `count` end at the sort key. Hashes spread members evenly. */
export function estimateAfter(sortKey: string, count: number): number {
  const share = (hashOf(sortKey) + 1) / HASH_RANGES;
  return Math.ceil(count / share - count);
}

function hashOf(sortKey: string): number {
  return Number.parseInt(sortKey.slice(MEMBER_PREFIX.length, MEMBER_PREFIX.length + 2), 16);
}

/** The members of a channel, or everyone in the service, in the order of their rows: those between `after` and `until`. */
export async function* membersIn(
  table: Table,
  service: string,
  { channel, after, until }: Partial<Pick<Share, 'channel' | 'after' | 'until'>>,
  pageMembers = PAGE_MEMBERS,
): AsyncGenerator<RangeMember, void, undefined> {
  const pk = channel === undefined ? serviceChannelPk(service) : channelPk(service, channel);
  const range = { limit: pageMembers, ...(after !== undefined && { after }) };
  for await (const item of memberRows(table, pk, range)) {
    if (until !== undefined && item.sk >= until) return;
    const member = toMember(item);
    if (!member.left) yield { ...member, sk: item.sk };
  }
}

export class ShareStore {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {}

  /** Stores the caller's row. Call this before the first `add`. */
  async begin(delivery: string, begunAt: number): Promise<void> {
    await this.table.put(
      { ...callerKey(delivery), begunAt, ...stored(emptyCounts()), ...this.#kept() },
      // A late copy of this call must not undo the end.
      any(absent('pk'), all(equals('begunAt', begunAt), equals('done', false))),
    );
  }

  /** Stores the caller's final counts. */
  async finishCaller(delivery: string, counts: DeliveryCounts): Promise<void> {
    const set = { ...stored(counts), done: true, endedAt: this.clock.now() };
    await this.table.update(callerKey(delivery), { set }, itemExists);
  }

  /** Stores a share. Call this before a worker is invoked for it. */
  async add({ delivery, number, turn, after }: Share): Promise<void> {
    await this.table.put(
      { ...keyOf(delivery, number), turn, after, ...stored(emptyCounts()), ...this.#kept() },
      any(absent('pk'), absent('worker')),
    );
  }

  /** Takes a share until the given time (milliseconds since the epoch). `undefined` if it is done, was handed over, or another worker has it. */
  async take(
    { delivery, number, turn }: Share,
    worker: string,
    until: number,
  ): Promise<ShareProgress | undefined> {
    const mayTake = any(absent('worker'), equals('worker', worker), lessThan('until', this.clock.now()));
    const item = await this.table.update(
      keyOf(delivery, number),
      { set: { worker, until } },
      all(itemExists, equals('done', false), equals('turn', turn), mayTake),
    );
    return item && progressIn(item);
  }

  /** Stores how far the share is. `false` if another worker has taken it in the meantime. */
  async checkpoint(share: Share, worker: string, progress: ShareProgress): Promise<boolean> {
    return this.#change(share, worker, fieldsOf(progress));
  }

  /** Releases the share. Returns it for the next worker; `undefined` if another worker has it already. */
  async release(share: Share, worker: string, progress: ShareProgress): Promise<Share | undefined> {
    const turn = share.turn + 1;
    const isReleased = await this.#change(share, worker, { ...fieldsOf(progress), turn, until: 0 });
    return isReleased ? { ...share, turn } : undefined;
  }

  /**
   * For a share that could not be taken: returns it for the next worker if it was handed over but no worker has it. The previous worker
   * may have crashed before it invoked one.
   */
  async handedOver(share: Share): Promise<Share | undefined> {
    const item = await this.table.get(keyOf(share.delivery, share.number));
    const isWaiting = item?.done === false && item.until === 0 && (item.turn as number) > share.turn;
    return isWaiting ? { ...share, turn: item.turn as number } : undefined;
  }

  async finish(share: Share, worker: string, progress: ShareProgress): Promise<boolean> {
    const ended = { done: true, endedAt: this.clock.now() };
    return this.#change(share, worker, { ...fieldsOf(progress), ...ended });
  }

  /** The report so far. `undefined` if there is no such delivery. */
  async report(delivery: string): Promise<DeliveryReport | undefined> {
    const rows: Item[] = [];
    for await (const page of pages(this.table, { pk: callerKey(delivery).pk, prefix: '' }))
      rows.push(...page);
    return reportOf(delivery, rows, this.clock.now());
  }

  #kept() {
    return { done: false, expiresAt: expiryAfter(this.clock.now(), KEPT_SECONDS) };
  }

  async #change({ delivery, number }: Share, worker: string, set: Record<string, Value>): Promise<boolean> {
    // A late copy of an earlier write must not change a share that is done.
    const isOurs = all(equals('worker', worker), equals('done', false));
    const changed = await this.table.update(keyOf(delivery, number), { set }, isOurs);
    return changed !== undefined;
  }
}

/** Adds up the rows of a delivery. `undefined` without the caller's row, which is written first. */
export function reportOf(id: string, rows: Item[], now: number): DeliveryReport | undefined {
  const caller = rows.find(({ sk }) => sk === CALLER);
  if (!caller) return undefined;
  const counts = sumOf(rows.map(countsIn));
  const unfinished = rows.filter(({ done }) => done !== true).length;
  const endedAt = unfinished > 0 ? now : Math.max(...rows.map((row) => Number(row.endedAt)));
  return {
    ...{ id, members: decidedIn(counts), ...counts, workers: rows.length - 1, unfinished },
    seconds: (endedAt - Number(caller.begunAt)) / 1_000,
  };
}

function stored(counts: DeliveryCounts): { counts: Record<string, Value> } {
  return { counts: { ...counts } };
}

function fieldsOf({ after, counts }: ShareProgress): Record<string, Value> {
  return { after, ...stored(counts) };
}

function progressIn(item: Item): ShareProgress {
  return { after: item.after as string, counts: countsIn(item) };
}

function countsIn({ counts }: Item): DeliveryCounts {
  return counts as unknown as DeliveryCounts;
}

function callerKey(delivery: string): Key {
  return { pk: `DELIVERY#${delivery}`, sk: CALLER };
}

function keyOf(delivery: string, number: number): Key {
  return { pk: `DELIVERY#${delivery}`, sk: `SHARE#${String(number).padStart(4, '0')}` };
}
