/**
 * Posts the lines of a log to the members of a range, in order, once each. One poster at a time has the lease; all
 * others only store. A process that adds work first stores it and then tries to take the lease. A poster that stops
 * first releases the lease and then looks for work. So one of the two sees the other. See docs/protocols.md.
 */
import type { Key } from '../../table/item';
import { posterKey } from './log-items';
import { isHeld, PosterLease } from './poster-lease';
import { BATCH_MILLISECONDS, type Ends, type Outcome, Posting, type PostingCollaborators } from './posting';

/** How long a publisher or subscriber keeps posting for others before a new invocation takes over. */
const INLINE_MILLISECONDS = 2_000;
/** How much longer if a client hangs: a post and the notice to subscribe again have ended by then. */
const INLINE_STRAGGLERS_MILLISECONDS = 6_000;
/** For more members than this, a new invocation posts. */
const INLINE_MEMBERS = 1_000;

export interface PosterCollaborators extends PostingCollaborators {
  /** Requests a new invocation that continues; missing if the process knows none. */
  goOn?: () => Promise<void>;
}

export class Poster {
  readonly #key: Key;

  constructor(private readonly with_: PosterCollaborators) {
    this.#key = posterKey(with_.log.name, with_.range);
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
    const { service, goOn } = this.with_;
    const { backend, deadline } = service;
    const handsOver = inline && goOn !== undefined;
    const inlineEnd = handsOver ? backend.clock.now() + INLINE_MILLISECONDS : Number.POSITIVE_INFINITY;
    const ends: Ends = {
      end: Math.min(inlineEnd, deadline - BATCH_MILLISECONDS),
      stragglersEnd: inlineEnd + INLINE_STRAGGLERS_MILLISECONDS,
    };
    const mostMembers = handsOver ? INLINE_MEMBERS : Number.POSITIVE_INFINITY;
    for (let isBusy = false; ; isBusy = true) {
      const lease = await PosterLease.take({ backend, deadline, key: this.#key }, { epoch, hasLine });
      if (!lease) return;
      const posting = new Posting(this.with_, lease, ends, isBusy);
      let outcome: Outcome | 'is too large' = 'is too large';
      try {
        if (lease.members <= mostMembers) outcome = await posting.run();
      } catch (error) {
        if (lease.isHalfPosted) await lease.abandon();
        else await lease.release().catch(() => {});
        throw error;
      }
      await lease.release(posting.members);
      if (outcome === 'has no log') return;
      if (outcome !== 'rests') return goOn?.();
      if (await this.#isDone(lease.posted)) return;
    }
  }

  /** Continues what a crashed poster has left. Returns whether there was nothing to do and no poster is active. */
  async mend(): Promise<boolean> {
    const { table, clock } = this.with_.service.backend;
    const row = await table.get(this.#key);
    if (row && isHeld(row, clock.now())) return false;
    if (await this.#isDone((row?.posted as number) ?? 0)) return true;
    await this.run({ hasLine: false, inline: false });
    return false;
  }

  async #isDone(posted: number): Promise<boolean> {
    const { log, range } = this.with_;
    const { entries, joins } = await log.lookBehind(posted, range);
    return entries.length === 0 && joins.length === 0;
  }
}
