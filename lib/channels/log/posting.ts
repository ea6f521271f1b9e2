/**
 * What a poster does from taking the lease to giving it up: admits connections, posts lines and has clients that hang
 * cut, until there is nothing to do or no time left.
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
import type { PosterLease } from './poster-lease';
import { Stragglers } from './stragglers';

/** With less time left, a poster begins no batch. */
export const BATCH_MILLISECONDS = 8_000;
/** How long an offset without a line may delay the lines after it. */
const HOLE_MILLISECONDS = 2_000;
const HOLE_PAUSE_MILLISECONDS = 100;
/** Lines that follow each other within this time are posted together. */
const GATHERING_MILLISECONDS = 50;
/** How often a poster looks for new lines while it only waits for members to be cut. */
const STRAGGLERS_PAUSE_MILLISECONDS = 100;

export interface PostingCollaborators {
  service: ServiceContext;
  log: LineLog;
  frames: ChannelFrames;
  range: string;
  /**
   * Creates the log if a client subscribes before anything was published; `undefined` if the class no longer has one
   * there.
   */
  begin(): Promise<LogState | undefined>;
}

/** In milliseconds since the epoch. */
export interface Ends {
  /** After this time, a poster begins no batch. */
  end: number;
  /** After this time, it does not post while others are being cut, either. */
  stragglersEnd: number;
}

export type Outcome = 'rests' | 'has no time' | 'has no log';

export class Posting {
  /** How many members there were in the last batch; `undefined` without one. */
  members: number | undefined;
  readonly #cut: Cut;
  readonly #stragglers: Stragglers;
  /** Since when the next offset has had no line. */
  #holeSince: number | undefined;
  /** Whether the last look found only members to cut. */
  #hasRested = false;

  /** @param isBusy the same process has just posted, so lines may follow each other */
  constructor(
    private readonly with_: PostingCollaborators,
    private readonly lease: PosterLease,
    private readonly ends: Ends,
    private readonly isBusy: boolean,
  ) {
    const { service, log, frames } = with_;
    this.#cut = new Cut(service, log.name.channel, frames, () => lease.postsUntil);
    this.#stragglers = new Stragglers(this.#cut);
  }

  /** Everybody is cut who is to be cut when this is over, even if it fails. */
  async run(): Promise<Outcome> {
    try {
      const outcome = await this.#work();
      await this.#allCut();
      return outcome;
    } catch (error) {
      await this.#allCut().catch(() => {});
      throw error;
    }
  }

  async #work(): Promise<Outcome> {
    const { lease } = this;
    const { log: lines, range, begin } = this.with_;
    for (let isFirst = true; ; isFirst = false) {
      await this.#pause(isFirst);
      const look = await lines.lookBehind(lease.posted, range);
      const log = look.log ?? (await begin());
      if (!log) return 'has no log';
      if (isFirst && (await this.#startsAfresh(log, look))) return 'rests';
      const ready = contiguous(look.entries, lease.posted);
      await this.#admit(look.joins, log);
      const outcome =
        ready.length > 0 ? await this.#postNext(ready, log, isFirst) : await this.#awaitLine(look, log);
      if (outcome) return outcome;
    }
  }

  async #pause(isFirst: boolean): Promise<void> {
    const { clock } = this.with_.service.backend;
    if (this.#hasRested) await this.#stragglers.overWithin(clock, STRAGGLERS_PAUSE_MILLISECONDS);
    else if (!isFirst || this.isBusy) await sleep(clock, GATHERING_MILLISECONDS);
    this.#hasRested = false;
  }

  /** Nothing can be posted now. `undefined`: the poster looks again. */
  async #awaitLine({ entries }: Look, log: LogState): Promise<Outcome | undefined> {
    if (entries.length === 0) {
      if (!this.#mustStay()) return 'rests';
      this.#hasRested = true;
      return undefined;
    }
    const now = this.#now();
    this.#holeSince ??= now;
    if (now > Math.min(this.ends.end, this.lease.postsUntil)) return 'has no time';
    await this.#wait(this.lease.posted + 1, this.#holeSince, log);
    return undefined;
  }

  /** Posts a batch, if there is time. `undefined`: the poster looks for more. */
  async #postNext(ready: Entry[], log: LogState, isFirst: boolean): Promise<Outcome | undefined> {
    const { lease } = this;
    const isOnly = isFirst && !this.isBusy;
    this.#holeSince = undefined;
    if (!isOnly && this.#now() > this.ends.end && !this.#mustStay()) return 'has no time';
    const isMarked = isFirst && lease.batch === lease.token;
    if (!isMarked && !(await lease.mark())) return 'rests';
    if (this.#now() + BATCH_MILLISECONDS / 2 > lease.postsUntil) return 'has no time';
    await this.#post(ready, log);
    lease.posted += ready.length;
    lease.isHalfPosted = false;
    // Nothing to do. New work is seen by the check after the lease was released.
    return isOnly && !this.#stragglers.areThere ? 'rests' : undefined;
  }

  /** Somebody who could not be cut may have missed lines, so the next poster cuts everybody. */
  async #allCut(): Promise<void> {
    try {
      await this.#stragglers.allOver();
    } catch (error) {
      this.lease.isHalfPosted = true;
      throw error;
    }
  }

  /**
   * The lease is released when all members that must be cut are cut. In the meantime, the others get their lines. But
   * if one client after another hangs, a caller whose own client is waiting stops posting, and only has the remaining
   * members cut.
   */
  #mustStay(): boolean {
    const end = Math.min(this.lease.postsUntil, this.ends.stragglersEnd);
    return this.#stragglers.areThere && this.#now() < end;
  }

  /**
   * A poster that crashed during a batch has reached some members but not others, so the batch is not posted again.
   * Instead, every member starts over and gets what it missed. The same happens if the log is a new one. Returns
   * whether the lease was lost.
   */
  async #startsAfresh(log: LogState, look: Look): Promise<boolean> {
    const { lease } = this;
    const { service, range } = this.with_;
    const lines = contiguous(look.entries, lease.posted);
    const isOther = lease.epoch !== undefined && lease.epoch !== log.epoch;
    lease.epoch = log.epoch;
    lease.isHalfPosted = isOther || (lease.hasTakenOver && lines.length > 0);
    if (!lease.isHalfPosted) return false;
    const members = { pk: this.#pk, prefix: `MEMBER#${range}` };
    for await (const page of pages(service.backend.table, members)) {
      await allOver(
        page
          .filter(({ token, from }) => token === undefined || from !== undefined)
          .map((item) => this.#cut.member(item)),
      );
    }
    const isLost = !(await lease.moveTo(isOther ? 0 : lease.posted + lines.length));
    if (!isOther) look.entries = look.entries.filter(({ offset }) => offset > lease.posted);
    lease.isHalfPosted = false;
    return isLost;
  }

  /** An offset without a line: its publisher is slow, or has crashed. */
  async #wait(offset: number, since: number, log: LogState): Promise<void> {
    const { service, log: lines } = this.with_;
    const { clock } = service.backend;
    if (clock.now() - since < HOLE_MILLISECONDS) await sleep(clock, HOLE_PAUSE_MILLISECONDS);
    else await lines.skip(offset, log.seconds);
  }

  async #admit(joins: Join[], log: LogState): Promise<void> {
    const { service, log: lines, frames } = this.with_;
    const stragglers = this.#stragglers;
    const newcomers = new Newcomers({
      ...{ service, log: lines, state: log, frames, stragglers, lease: this.lease },
      members: this.members ?? this.lease.members,
    });
    await newcomers.admit(joins.filter(({ webSocketId }) => !stragglers.has(webSocketId)));
  }

  async #post(entries: Entry[], { epoch }: LogState): Promise<void> {
    const { service, log: lines, frames, range } = this.with_;
    const posted = entries.flatMap(({ line }): Line[] => (line ? [{ ...line, epoch }] : []));
    const encoded = framesOf(frames, lines.name.channel, posted);
    if (encoded.length === 0) return;
    const batch = new Batch({
      ...{ service, pk: this.#pk, range, lease: this.lease, epoch, stragglers: this.#stragglers },
    });
    await batch.post(encoded);
    this.members = batch.members;
  }

  get #pk(): string {
    const { log: lines, range } = this.with_;
    return posterKey(lines.name, range).pk;
  }

  #now(): number {
    return this.with_.service.backend.clock.now();
  }
}

/** The entries right after an offset, up to the first missing one. */
function contiguous(entries: Entry[], offset: number): Entry[] {
  const end = entries.findIndex((entry, n) => entry.offset !== offset + n + 1);
  return end < 0 ? entries : entries.slice(0, end);
}
