/**
 * Which messages of which files have been announced. Each is announced once, although S3 may report a file twice and
 * Lambda may retry an event.
 *
 * FILE#{id} / MESSAGE#{index}    taken by one announcer, under a lease; then done, with its delivery report; kept for fifteen days
 */
import type { Clock, DeliveryReport } from '../../lib';
import { absent, all, any, equals, itemAbsent, lessThan } from '../../lib/table/conditions';
import { expiryAfter, type Item, type Key } from '../../lib/table/item';
import type { Table } from '../../lib/table/table';
import { announcementKey } from '../notifications/notification-log';

/**
 * Less than the minute after which Lambda retries a failed event, so that the lease of a crashed invocation has
 * expired by then.
 */
export const LEASE_MILLISECONDS = 45_000;
/** Longer than dead letters are kept, so that a redriven one finds what was announced. */
const KEPT_SECONDS = 15 * 24 * 60 * 60;

export interface Announcement {
  file: string;
  /** The message's index in its file, from 0. */
  index: number;
}

export type Beginning =
  /**
   * The caller must announce it before this time, in milliseconds since the epoch. `again`: a crashed invocation may
   * have announced it already.
   */
  | { state: 'begun'; until: number; again: boolean }
  | { state: 'done' }
  /** Another invocation is announcing it. */
  | { state: 'held' };

export class AnnouncementStore {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes the lease of a message, if it is free. `announcer` must be new for each message that an invocation begins.
   */
  async begin(announcement: Announcement, announcer: string): Promise<Beginning> {
    const now = this.clock.now();
    const until = now + LEASE_MILLISECONDS;
    const expiresAt = expiryAfter(now, KEPT_SECONDS);
    const item = { ...keyOf(announcement), announcer, until, begunAt: now, attempts: 1, expiresAt };
    const first = all(equals('announcer', announcer), equals('attempts', 1), absent('done'));
    const expired = lessThan('expiresAt', Math.floor(now / 1000));
    if (await this.table.put(item, any(itemAbsent, expired, first)))
      return { state: 'begun', until, again: false };
    const held = await this.table.get(keyOf(announcement));
    if (held?.done === true) return { state: 'done' };
    if (!held || (held.until as number) >= now) return { state: 'held' };
    return this.#takeOver(announcement, held, announcer);
  }

  /**
   * Ends an announcement, which is then not repeated. `false` if the lease had expired and another invocation has
   * taken it.
   */
  async finish(announcement: Announcement, announcer: string, report: Outcome): Promise<boolean> {
    const finished = await this.table.update(
      keyOf(announcement),
      { set: { done: true, report: { ...report } } },
      equals('announcer', announcer),
    );
    return finished !== undefined;
  }

  async #takeOver(announcement: Announcement, dead: Item, announcer: string): Promise<Beginning> {
    const now = this.clock.now();
    const until = now + LEASE_MILLISECONDS;
    const abandoned = all(equals('announcer', dead.announcer as string), lessThan('until', now));
    const taken = await this.table.update(
      keyOf(announcement),
      { set: { announcer, until, attempts: (dead.attempts as number) + 1 } },
      all(absent('done'), any(equals('announcer', announcer), abandoned)),
    );
    return taken ? { state: 'begun', until, again: true } : { state: 'held' };
  }
}

/** The result: its delivery report, or that the message was broken. */
export type Outcome = DeliveryReport | { broken: string };

function keyOf({ file, index }: Announcement): Key {
  return announcementKey(file, index);
}
