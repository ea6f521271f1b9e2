/**
 * Posts the lines of a log to the members of a range, in order, once each. One poster at a time has the lease; all
 * others only store. A process that adds work first stores it and then tries to take the lease. A poster that stops
 * first releases the lease and then looks for work. So one of the two sees the other. See docs/protocols.md.
 */
import { sleep } from '../../clock';
import { allOver } from '../../delivery/all-over';
import type { ServiceContext } from '../../service-context';
import { pages } from '../../table/table';
import { Batch } from './batch';
import { type ChannelFrames, framesOf } from './channel-frames';
import { Cut } from './cut';
import type { LineLog, Look } from './line-log';
import { type Entry, type Join, type Line, type LogState, posterKey } from './log-items';
import { Newcomers } from './newcomers';
import { isHeld, PosterLease } from './poster-lease';
import { Stragglers } from './stragglers';

/** With less time left, a poster begins no batch. */
const BATCH_MILLISECONDS = 8_000;
/** How long an offset without a line may delay the lines after it. */
export const HOLE_MILLISECONDS = 2_000;
const HOLE_PAUSE_MILLISECONDS = 100;
/** Lines that follow each other within this time are posted together. */
export const GATHERING_MILLISECONDS = 50;
/** How often a poster looks for lines that has nothing to do but to cut somebody. */
const STRAGGLERS_PAUSE_MILLISECONDS = 100;
/** How long a publisher or subscriber keeps posting for others before a new invocation takes over. */
const INLINE_MILLISECONDS = 2_000;
/** How much longer if a client hangs: a post and the notice to subscribe again have ended by then. */
const INLINE_STRAGGLERS_MILLISECONDS = 6_000;
/** For more members than this, a new invocation posts. */
const INLINE_MEMBERS = 1_000;

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

/** In milliseconds since the epoch. */
interface Ends {
  /** After this time, a poster begins no batch. */
  end: number;
  /** After this time, it does not post while others are being cut, either. */
  stragglersEnd: number;
}

type Outcome = 'rests' | 'has no time' | 'is too large' | 'has no log';

export class Poster {
  readonly #service: ServiceContext;
  readonly #log: LineLog;
  readonly #frames: ChannelFrames;
  readonly #range: string;
  readonly #begin: () => Promise<LogState | undefined>;
  readonly #goOn: (() => Promise<void>) | undefined;
  /** How many members there were in the last batch. */
  #members: number | undefined;

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
    const { clock } = this.#service.backend;
    const patience = inline && this.#goOn ? INLINE_MILLISECONDS : Number.POSITIVE_INFINITY;
    const inlineEnd = clock.now() + patience;
    const ends: Ends = {
      end: Math.min(inlineEnd, this.#service.deadline - BATCH_MILLISECONDS),
      stragglersEnd: inlineEnd + INLINE_STRAGGLERS_MILLISECONDS,
    };
    for (let isBusy = false; ; isBusy = true) {
      const lease = await PosterLease.take(this.#ofLease, { epoch, hasLine });
      if (!lease) return;
      const mostMembers = inline && this.#goOn ? INLINE_MEMBERS : Number.POSITIVE_INFINITY;
      const stragglers = this.#stragglers(lease);
      let outcome: Outcome;
      try {
        outcome =
          lease.members > mostMembers ? 'is too large' : await this.#work(lease, stragglers, ends, isBusy);
        await this.#allCut(lease, stragglers);
      } catch (error) {
        await this.#allCut(lease, stragglers).catch(() => {});
        if (lease.isHalfPosted) await lease.abandon();
        else await lease.release().catch(() => {});
        throw error;
      }
      await lease.release(this.#members);
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
  async #work(lease: PosterLease, stragglers: Stragglers, ends: Ends, isBusy: boolean): Promise<Outcome> {
    const { clock } = this.#service.backend;
    const { end } = ends;
    const mustStay = () => this.#mustStay(lease, stragglers, ends);
    let isMarked = lease.batch === lease.token;
    let holeSince: number | undefined;
    let hasRested = false;
    for (let first = true; ; first = false) {
      if (hasRested) await stragglers.overWithin(clock, STRAGGLERS_PAUSE_MILLISECONDS);
      else if (!first || isBusy) await sleep(clock, GATHERING_MILLISECONDS);
      hasRested = false;
      const look = await this.#log.lookBehind(lease.posted, this.#range);
      const log = look.log ?? (await this.#begin());
      if (!log) return 'has no log';
      if (first && (await this.#startsAfresh(lease, log, look))) return 'rests';
      const lines = contiguous(look.entries, lease.posted);
      await this.#admit(look.joins, lease, stragglers, log);
      if (lines.length === 0) {
        if (look.entries.length === 0) {
          if (!mustStay()) return 'rests';
          hasRested = true;
          continue;
        }
        holeSince ??= clock.now();
        if (clock.now() > Math.min(end, lease.postsUntil)) return 'has no time';
        await this.#wait(lease.posted + 1, holeSince, log);
        continue;
      }
      holeSince = undefined;
      if ((isBusy || !first) && clock.now() > end && !mustStay()) return 'has no time';
      if (!(isMarked && first) && !(await lease.mark())) return 'rests';
      isMarked = true;
      if (clock.now() + BATCH_MILLISECONDS / 2 > lease.postsUntil) return 'has no time';
      await this.#post(lines, lease, stragglers, log);
      lease.posted += lines.length;
      lease.isHalfPosted = false;
      // Nothing to do. New work is seen by the check after the lease was released.
      if (!isBusy && first && !stragglers.areThere) return 'rests';
    }
  }

  /** Somebody who could not be cut may have missed lines, so the next poster cuts everybody. */
  async #allCut(lease: PosterLease, stragglers: Stragglers): Promise<void> {
    try {
      await stragglers.allOver();
    } catch (error) {
      lease.isHalfPosted = true;
      throw error;
    }
  }

  /**
   * A lease is given up when everybody is cut who is to be, and the others get their lines meanwhile. But if one client
   * after the other hangs, a caller whose own client is waiting stops posting and only has the rest cut.
   */
  #mustStay(lease: PosterLease, stragglers: Stragglers, { stragglersEnd }: Ends): boolean {
    const now = this.#service.backend.clock.now();
    return stragglers.areThere && now < Math.min(lease.postsUntil, stragglersEnd);
  }

  /**
   * A poster that crashed while posting has reached some members and not others, so none of them is posted to again.
   * Each starts over, and gets what it missed. The same happens if the log is another one. Returns whether the lease
   * was lost.
   */
  async #startsAfresh(lease: PosterLease, log: LogState, look: Look): Promise<boolean> {
    const lines = contiguous(look.entries, lease.posted);
    const isOther = lease.epoch !== undefined && lease.epoch !== log.epoch;
    lease.epoch = log.epoch;
    lease.isHalfPosted = isOther || (lease.hasTakenOver && lines.length > 0);
    if (!lease.isHalfPosted) return false;
    const { pk } = this.#key;
    const cut = this.#cut(lease);
    for await (const page of pages(this.#service.backend.table, { pk, prefix: `MEMBER#${this.#range}` })) {
      await allOver(
        page
          .filter(({ token, from }) => token === undefined || from !== undefined)
          .map((item) => cut.member(item)),
      );
    }
    const isLost = !(await lease.moveTo(isOther ? 0 : lease.posted + lines.length));
    if (!isOther) look.entries = look.entries.filter(({ offset }) => offset > lease.posted);
    lease.isHalfPosted = false;
    return isLost;
  }

  /** An offset without a line: its publisher is slow, or has crashed. */
  async #wait(offset: number, since: number, log: LogState): Promise<void> {
    const { clock } = this.#service.backend;
    if (clock.now() - since < HOLE_MILLISECONDS) await sleep(clock, HOLE_PAUSE_MILLISECONDS);
    else await this.#log.skip(offset, log.seconds);
  }

  async #admit(joins: Join[], lease: PosterLease, stragglers: Stragglers, log: LogState): Promise<void> {
    const newcomers = new Newcomers({
      ...{ service: this.#service, log: this.#log, state: log, frames: this.#frames, stragglers, lease },
      members: this.#members ?? lease.members,
    });
    await newcomers.admit(joins.filter(({ webSocketId }) => !stragglers.has(webSocketId)));
  }

  async #post(entries: Entry[], lease: PosterLease, stragglers: Stragglers, log: LogState): Promise<void> {
    const { epoch } = log;
    const lines = entries.flatMap(({ line }): Line[] => (line ? [{ ...line, epoch }] : []));
    const frames = framesOf(this.#frames, this.#log.name.channel, lines);
    if (frames.length === 0) return;
    const batch = new Batch({
      ...{ service: this.#service, pk: this.#key.pk, range: this.#range },
      ...{ lease, epoch, stragglers },
    });
    await batch.post(frames);
    this.#members = batch.members;
  }

  #stragglers(lease: PosterLease): Stragglers {
    return new Stragglers(this.#cut(lease));
  }

  #cut(lease: PosterLease): Cut {
    return new Cut(this.#service, this.#log.name.channel, this.#frames, () => lease.postsUntil);
  }

  get #ofLease() {
    const { backend, deadline } = this.#service;
    return { backend, deadline, key: this.#key };
  }

  get #key() {
    return posterKey(this.#log.name, this.#range);
  }
}

/** The entries right after an offset, up to the first missing one. */
function contiguous(entries: Entry[], offset: number): Entry[] {
  const end = entries.findIndex((entry, n) => entry.offset !== offset + n + 1);
  return end < 0 ? entries : entries.slice(0, end);
}
