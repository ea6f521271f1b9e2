/**
 * Posts the lines of a log to the members of a range, in order, once each. One poster at a time has the lease; all
 * others only store. A process that adds work first stores it and then tries to take the lease. A poster that stops
 * first releases the lease and then looks for work. So one of the two sees the other. See docs/protocols.md.
 */
import { sleep } from '../../clock';
import { type Member, toMember } from '../../connections/connection-items';
import { allOver } from '../../delivery/all-over';
import { inTurns } from '../../delivery/in-turns';
import type { ConnectionsApiError } from '../../errors';
import type { ServiceContext } from '../../service-context';
import { absent, all, any, atMost, equals, itemExists, lessThan } from '../../table/conditions';
import { expiryAfter, type Item } from '../../table/item';
import { pages } from '../../table/table';
import type { ChannelFrames } from './channel-frames';
import { framesOf } from './channel-frames';
import { Cut, isRefusal } from './cut';
import type { LineLog, Look } from './line-log';
import { type Entry, type Join, type Line, LOG_ROW_SECONDS, type LogState, posterKey } from './log-items';
import { Newcomers } from './newcomers';

/** Renewed with each batch. */
export const LEASE_MILLISECONDS = 30_000;
/** Reserved in each lease, because clocks may differ: a poster stops this long before its lease ends. */
const LEASE_MARGIN_MILLISECONDS = 5_000;
/** With less time left, a poster begins no batch. */
const BATCH_MILLISECONDS = 8_000;
/** How long an offset without a line may delay the lines after it. */
export const HOLE_MILLISECONDS = 2_000;
const HOLE_PAUSE_MILLISECONDS = 100;
/** Lines that follow each other within this time are posted together. */
export const GATHERING_MILLISECONDS = 50;
/** How long a publisher or subscriber keeps posting for others before a new invocation takes over. */
const INLINE_MILLISECONDS = 2_000;
/** For more members than this, a new invocation posts. */
const INLINE_MEMBERS = 1_000;
const ADMISSIONS_AT_A_TIME = 25;

/** The fields of a poster's row. */
interface Lease {
  token: string;
  epoch: string | undefined;
  posted: number;
  /** The poster that may have been posting a batch when it lost the lease. */
  batch: string | undefined;
  members: number;
  until: number;
  /** Some members may have lines after `posted`, and others may not. */
  isHalfPosted: boolean;
}

export interface PosterCollaborators {
  service: ServiceContext;
  log: LineLog;
  frames: ChannelFrames;
  range: string;
  /**
   * Creates the log if a client subscribes before anything was published; `undefined` if the class no longer has one
   * there.
   */
  begin(): Promise<LogState | undefined>;
  /** Requests a new invocation that continues; missing if the process knows none. */
  goOn?: () => Promise<void>;
}

type Outcome = 'rests' | 'has no time' | 'is too large' | 'has no log';

export class Poster {
  readonly #service: ServiceContext;
  readonly #log: LineLog;
  readonly #frames: ChannelFrames;
  readonly #range: string;
  readonly #begin: () => Promise<LogState | undefined>;
  readonly #goOn: (() => Promise<void>) | undefined;
  #members = 0;

  constructor({ service, log, frames, range, begin, goOn }: PosterCollaborators) {
    this.#begin = begin;
    this.#service = service;
    this.#log = log;
    this.#frames = frames;
    this.#range = range;
    this.#goOn = goOn;
  }

  /**
   * Posts pending lines, unless another poster does. `epoch` and `hasLine` are what the caller knows; `inline` if the
   * caller's own client is waiting.
   */
  async run({
    epoch,
    hasLine,
    inline,
  }: {
    epoch?: string;
    hasLine: boolean;
    inline: boolean;
  }): Promise<void> {
    const { clock, token } = this.#service.backend;
    const patience = inline && this.#goOn ? INLINE_MILLISECONDS : Number.POSITIVE_INFINITY;
    const end = Math.min(clock.now() + patience, this.#service.deadline - BATCH_MILLISECONDS);
    for (let isBusy = false; ; isBusy = true) {
      const lease = await this.#take(token(), epoch, hasLine);
      if (!lease) return;
      const mostMembers = inline && this.#goOn ? INLINE_MEMBERS : Number.POSITIVE_INFINITY;
      let outcome: Outcome;
      try {
        outcome = lease.members > mostMembers ? 'is too large' : await this.#work(lease, end, isBusy);
      } catch (error) {
        if (lease.isHalfPosted) await this.#abandon(lease);
        else await this.#release(lease, true).catch(() => {});
        throw error;
      }
      await this.#release(lease, outcome === 'is too large');
      if (outcome === 'has no log') return;
      if (outcome !== 'rests') return this.#goOn?.();
      const { entries, joins } = await this.#log.lookBehind(lease.posted, this.#range);
      if (entries.length === 0 && joins.length === 0) return;
    }
  }

  /** Continues what a crashed poster left. Returns whether there was nothing to do, and nobody posts. */
  async mend(): Promise<boolean> {
    const row = await this.#service.backend.table.get(this.#key);
    if (row && isHeld(row, this.#service.backend.clock.now())) return false;
    const { entries, joins } = await this.#log.lookBehind((row?.posted as number) ?? 0, this.#range);
    if (entries.length === 0 && joins.length === 0) return true;
    await this.run({ hasLine: false, inline: false });
    return false;
  }

  /** Until there is nothing to do, or no time left. */
  async #work(lease: Lease, end: number, isBusy: boolean): Promise<Outcome> {
    const { clock } = this.#service.backend;
    let isMarked = lease.batch === lease.token;
    let holeSince: number | undefined;
    for (let first = true; ; first = false) {
      if (!first || isBusy) await sleep(clock, GATHERING_MILLISECONDS);
      const look = await this.#log.lookBehind(lease.posted, this.#range);
      const log = look.log ?? (await this.#begin());
      if (!log) return 'has no log';
      if (first && (await this.#startsAfresh(lease, log, look))) return 'rests';
      const lines = contiguous(look.entries, lease.posted);
      await this.#admit(look.joins, lease, log);
      if (lines.length === 0) {
        if (look.entries.length === 0) return 'rests';
        holeSince ??= clock.now();
        if (clock.now() > Math.min(end, this.#postsUntil(lease))) return 'has no time';
        await this.#wait(lease.posted + 1, holeSince, log);
        continue;
      }
      holeSince = undefined;
      if ((isBusy || !first) && clock.now() > end) return 'has no time';
      if (!(isMarked && first) && !(await this.#mark(lease))) return 'rests';
      isMarked = true;
      if (clock.now() + BATCH_MILLISECONDS / 2 > this.#postsUntil(lease)) return 'has no time';
      await this.#post(lines, lease, log);
      lease.posted += lines.length;
      lease.isHalfPosted = false;
      // Nothing to do. New work is seen by the check after the lease was released.
      if (!isBusy && first) return 'rests';
    }
  }

  async #take(token: string, epoch: string | undefined, hasLine: boolean): Promise<Lease | undefined> {
    const { table, clock } = this.#service.backend;
    const now = clock.now();
    const until = Math.min(now + LEASE_MILLISECONDS, this.#service.deadline);
    const row = await table.update(
      this.#key,
      {
        set: { poster: token, until, expiresAt: expiryAfter(now, LOG_ROW_SECONDS) },
        setIfAbsent: {
          posted: 0,
          ...(epoch !== undefined && { epoch }),
          ...(hasLine && { batch: token }),
        },
      },
      any(absent('poster'), lessThan('until', now), equals('poster', token)),
    );
    if (!row) return undefined;
    return {
      token,
      epoch: row.epoch as string | undefined,
      posted: row.posted as number,
      batch: row.batch as string | undefined,
      members: (row.members ?? 0) as number,
      until,
      isHalfPosted: row.batch !== undefined && row.batch !== token,
    };
  }

  /**
   * A poster that crashed while posting has reached some members and not others, so none of them is posted to again.
   * Each starts over, and gets what it missed. The same happens if the log is another one. Returns whether the lease
   * was lost.
   */
  async #startsAfresh(lease: Lease, log: LogState, look: Look): Promise<boolean> {
    const lines = contiguous(look.entries, lease.posted);
    const isOther = lease.epoch !== undefined && lease.epoch !== log.epoch;
    const hasDied = lease.batch !== undefined && lease.batch !== lease.token;
    lease.epoch = log.epoch;
    lease.isHalfPosted = isOther || (hasDied && lines.length > 0);
    if (!lease.isHalfPosted) return false;
    const cut = this.#cut(lease);
    for await (const page of this.#memberPages()) {
      await allOver(
        page
          .filter(({ token, from }) => token === undefined || from !== undefined)
          .map((item) => cut.member(item)),
      );
    }
    const isLost = !(await this.#moveTo(lease, isOther ? 0 : lease.posted + lines.length));
    if (!isOther) look.entries = look.entries.filter(({ offset }) => offset > lease.posted);
    lease.isHalfPosted = false;
    return isLost;
  }

  /** Records that a batch begins. From here on, some members may have lines of it, and others not. */
  async #mark(lease: Lease): Promise<boolean> {
    const { table, clock } = this.#service.backend;
    const until = Math.min(clock.now() + LEASE_MILLISECONDS, this.#service.deadline);
    const { token, posted } = lease;
    const row = await table.update(
      this.#key,
      { set: { batch: token, posted, until, ...(lease.epoch !== undefined && { epoch: lease.epoch }) } },
      // A late duplicate must not undo what was posted since.
      all(equals('poster', token), atMost('posted', posted)),
    );
    if (row) lease.until = until;
    return row !== undefined;
  }

  /** Everybody starts over from here. */
  async #moveTo(lease: Lease, posted: number): Promise<boolean> {
    lease.posted = posted;
    const row = await this.#service.backend.table.update(
      this.#key,
      { set: { posted, batch: lease.token, ...(lease.epoch !== undefined && { epoch: lease.epoch }) } },
      equals('poster', lease.token),
    );
    return row !== undefined;
  }

  /** Releases the lease. Whether it was still ours or not, the caller then looks for work. */
  async #release({ token, posted, epoch }: Lease, hasNotLooked: boolean): Promise<void> {
    await this.#service.backend.table.update(
      this.#key,
      {
        set: {
          posted,
          ...(epoch !== undefined && { epoch }),
          ...(!hasNotLooked && { members: this.#members }),
        },
        remove: ['poster', 'until', 'batch'],
      },
      all(equals('poster', token), atMost('posted', posted)),
    );
  }

  /** Something failed. The next poster acts as if this one had crashed, but need not wait for its lease. */
  async #abandon({ token }: Lease): Promise<void> {
    const { table } = this.#service.backend;
    await table.update(this.#key, { remove: ['poster', 'until'] }, equals('poster', token)).catch(() => {});
  }

  /** An offset without a line: its publisher is slow, or has crashed. */
  async #wait(offset: number, since: number, log: LogState): Promise<void> {
    const { clock } = this.#service.backend;
    if (clock.now() - since < HOLE_MILLISECONDS) await sleep(clock, HOLE_PAUSE_MILLISECONDS);
    else await this.#log.skip(offset, log.seconds);
  }

  async #admit(joins: Join[], lease: Lease, log: LogState): Promise<void> {
    const newcomers = new Newcomers({
      service: this.#service,
      log: this.#log,
      frames: this.#frames,
      cut: this.#cut(lease),
      deadline: this.#postsUntil(lease),
    });
    await inTurns(joins, ADMISSIONS_AT_A_TIME, (join) =>
      newcomers.admit(join, { epoch: log.epoch, offset: lease.posted }, log),
    );
  }

  /**
   * Posts to everybody at once, and to each member one frame after the other. A member that did not get everything is
   * cut.
   */
  async #post(entries: Entry[], lease: Lease, log: LogState): Promise<void> {
    const { epoch } = log;
    const lines = entries.flatMap(({ line }): Line[] => (line ? [{ ...line, epoch }] : []));
    const frames = framesOf(this.#frames, this.#log.name.channel, lines);
    if (frames.length === 0) return;
    const cut = this.#cut(lease);
    const unreached: { item: Item; nothing: boolean }[] = [];
    const refused: ConnectionsApiError[] = [];
    const rows = new Map<string, Item>();
    const fresh = new Set<string>();
    const to = this.#ready(lease, epoch, cut, rows, fresh);
    lease.isHalfPosted = true;
    const report = await this.#service.deliverOnce(frames, {
      to,
      deadline: this.#postsUntil(lease),
      unreached: ({ webSocketId }, sent, why) => {
        const item = rows.get(webSocketId);
        if (sent === 0 && isRefusal(why)) refused.push(why);
        if (item)
          unreached.push({ item, nothing: sent === 0 && why === 'opening' && fresh.has(webSocketId) });
      },
    });
    const [refusal] = refused;
    if (refusal && report.sent === 0 && refused.length === unreached.length) {
      // This process may not post, and nobody has got anything.
      lease.isHalfPosted = false;
      throw refusal;
    }
    await allOver(unreached.map(({ item, nothing }) => (nothing ? this.#putBack(item) : cut.member(item))));
  }

  /** The members to post to. Those that did not ask for their position begin with this batch. */
  async *#ready(
    lease: Lease,
    epoch: string,
    cut: Cut,
    rows: Map<string, Item>,
    fresh: Set<string>,
  ): AsyncGenerator<Member, void, undefined> {
    this.#members = 0;
    for await (const page of this.#memberPages()) {
      this.#members += page.length;
      const ready: Item[] = [];
      const others: Promise<unknown>[] = [];
      for (const item of page) {
        const { token, from } = item;
        if (token !== undefined && from === undefined) continue;
        if (item.cut === true || (from !== undefined && item.epoch !== epoch)) others.push(cut.member(item));
        else if (from !== undefined) ready.push(item);
        else
          others.push(
            this.#start(item, lease, epoch).then((row) => row && ready.push(row) && fresh.add(idOf(item))),
          );
      }
      await allOver(others);
      for (const item of ready) {
        rows.set(idOf(item), item);
        yield toMember(item);
      }
    }
  }

  /** A member that was only subscribed by another process gets the lines from this batch on. */
  #start({ pk, sk }: Item, { posted }: Lease, epoch: string): Promise<Item | undefined> {
    return this.#service.backend.table.update(
      { pk, sk },
      { set: { from: posted, epoch } },
      all(itemExists, absent('token')),
    );
  }

  /** Its handshake has not finished, and nothing has reached it, so it begins with a later batch. */
  async #putBack({ pk, sk }: Item): Promise<void> {
    await this.#service.backend.table.update(
      { pk, sk },
      { remove: ['from', 'epoch'] },
      all(itemExists, absent('token')),
    );
  }

  #cut(lease: Lease): Cut {
    return new Cut(this.#service, this.#log.name.channel, this.#frames, () => this.#postsUntil(lease));
  }

  async *#memberPages(): AsyncGenerator<Item[], void, undefined> {
    yield* pages(this.#service.backend.table, { pk: this.#key.pk, prefix: `MEMBER#${this.#range}` });
  }

  #postsUntil({ until }: Lease): number {
    return until - LEASE_MARGIN_MILLISECONDS;
  }

  get #key() {
    return posterKey(this.#log.name, this.#range);
  }
}

/** Whether a poster is active. */
export function isHeld({ poster, until }: Item, now: number): boolean {
  return poster !== undefined && (until as number) >= now;
}

/** The entries right after an offset, up to the first missing one. */
function contiguous(entries: Entry[], offset: number): Entry[] {
  const end = entries.findIndex((entry, n) => entry.offset !== offset + n + 1);
  return end < 0 ? entries : entries.slice(0, end);
}

function idOf({ sk }: Item): string {
  return sk.split('#').slice(2).join('#');
}
