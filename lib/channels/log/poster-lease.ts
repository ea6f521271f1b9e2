/**
 * The lease of a poster, in the row that says how far the members of its range are. Each write asks that the poster
 * still has it.
 */
import type { Backend } from '../../backend';
import { absent, all, any, atMost, equals, lessThan } from '../../table/conditions';
import { expiryAfter, type Item, type Key } from '../../table/item';
import { LOG_ROW_SECONDS } from './log-items';

/** Renewed with each batch. */
export const LEASE_MILLISECONDS = 30_000;
/** Reserved in each lease, because clocks may differ: a poster stops this long before its lease ends. */
const LEASE_MARGIN_MILLISECONDS = 5_000;

export interface LeaseCollaborators {
  backend: Pick<Backend, 'table' | 'clock' | 'token'>;
  key: Key;
  /** When the invocation ends, in milliseconds since the epoch. */
  deadline: number;
}

export class PosterLease {
  readonly token: string;
  /** The poster that may have been posting a batch when it lost the lease. */
  readonly batch: string | undefined;
  /** How many members there were when the last poster looked. */
  readonly members: number;
  epoch: string | undefined;
  /** Every line up to here has reached every member that is not to be cut. */
  posted: number;
  /** Some members may have lines after `posted`, and others may not. */
  isHalfPosted: boolean;
  #until: number;

  /** `undefined` if another poster has it. `hasLine`: a batch begins right away. */
  static async take(
    collaborators: LeaseCollaborators,
    { epoch, hasLine }: { epoch: string | undefined; hasLine: boolean },
  ): Promise<PosterLease | undefined> {
    const { backend, key, deadline } = collaborators;
    const token = backend.token();
    const now = backend.clock.now();
    const until = Math.min(now + LEASE_MILLISECONDS, deadline);
    const row = await backend.table.update(
      key,
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
    return row && new PosterLease(collaborators, token, until, row);
  }

  private constructor(
    private readonly with_: LeaseCollaborators,
    token: string,
    until: number,
    { epoch, posted, batch, members = 0 }: Item,
  ) {
    this.token = token;
    this.#until = until;
    this.epoch = epoch as string | undefined;
    this.posted = posted as number;
    this.batch = batch as string | undefined;
    this.members = members as number;
    this.isHalfPosted = this.hasTakenOver;
  }

  /** Whether the poster before this one crashed, and may have been posting. */
  get hasTakenOver(): boolean {
    return this.batch !== undefined && this.batch !== this.token;
  }

  /** Nothing is posted after this time. */
  get postsUntil(): number {
    return this.#until - LEASE_MARGIN_MILLISECONDS;
  }

  /** Records that a batch begins. From here on, some members may have lines of it, and others not. */
  async mark(): Promise<boolean> {
    const { backend, deadline, key } = this.with_;
    const until = Math.min(backend.clock.now() + LEASE_MILLISECONDS, deadline);
    const { token, posted } = this;
    const row = await backend.table.update(
      key,
      { set: { batch: token, posted, until, ...this.#epoch } },
      // A late duplicate must not undo later progress.
      all(equals('poster', token), atMost('posted', posted)),
    );
    if (row) this.#until = until;
    return row !== undefined;
  }

  /** Everybody starts over from here. */
  async moveTo(posted: number): Promise<boolean> {
    this.posted = posted;
    const { backend, key } = this.with_;
    const row = await backend.table.update(
      key,
      { set: { posted, batch: this.token, ...this.#epoch } },
      equals('poster', this.token),
    );
    return row !== undefined;
  }

  /** Whether it was still ours or not, the caller then looks for work. `members`: how many there are, if they were counted. */
  async release(members?: number): Promise<void> {
    const { backend, key } = this.with_;
    const { token, posted } = this;
    await backend.table.update(
      key,
      {
        set: { posted, ...this.#epoch, ...(members !== undefined && { members }) },
        remove: ['poster', 'until', 'batch'],
      },
      all(equals('poster', token), atMost('posted', posted)),
    );
  }

  /** Something failed. The next poster acts as if this one had crashed, but need not wait for its lease. */
  async abandon(): Promise<void> {
    const { backend, key } = this.with_;
    await backend.table
      .update(key, { remove: ['poster', 'until'] }, equals('poster', this.token))
      .catch(() => {});
  }

  get #epoch(): { epoch?: string } {
    return this.epoch === undefined ? {} : { epoch: this.epoch };
  }
}

/** Whether a poster is active. */
export function isHeld({ poster, until }: Item, now: number): boolean {
  return poster !== undefined && (until as number) >= now;
}
