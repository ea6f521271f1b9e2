/**
 * The notifications of the last week, so that a client that was away gets what it missed.
 *
 * LOG#{service}#~told / ENTRY#{milliseconds}#{index}#{file}   the notification, written just before it is published
 * FILE#{file} / MESSAGE#{index}                               when it was begun: clients name its Id to continue from there
 */
import type { Clock } from '../../lib';
import { always } from '../../lib/table/conditions';
import { expiryAfter, type Item, type Key } from '../../lib/table/item';
import type { Table } from '../../lib/table/table';

const KEPT_SECONDS = 7 * 24 * 60 * 60;
/** As many as one answer holds. */
export const MAX_MISSED = 100;
/** Below API Gateway's 32 KB for a frame, with room for the rest of the answer. */
const MAX_MISSED_BYTES = 30_000;
/** Notifications of other topics are skipped. No more than this many are read. */
const MAX_LOOKED_AT = 500;
const PAGE_ENTRIES = 100;
/**
 * A notification that was begun earlier may have been published later, by another invocation. Clients recognize
 * duplicates by their Ids.
 */
const LOOK_BACK_MILLISECONDS = 60_000;
const STAMP_DIGITS = 15;
const INDEX_DIGITS = 9;

export interface LoggedNotification {
  id: string;
  topic: string;
  /** The notification's frame. */
  text: string;
}

export interface Missed {
  /** The notifications' frames, oldest first. */
  texts: string[];
  /** Older ones are left out. */
  isCut: boolean;
}

export class NotificationLog {
  readonly #pk: string;

  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
    service: string,
  ) {
    this.#pk = logPk(service);
  }

  /** Written before publication: a client that subscribes first and then asks for what it missed misses nothing. */
  async note({ id, topic, text }: LoggedNotification): Promise<void> {
    const now = this.clock.now();
    const expiresAt = expiryAfter(now, KEPT_SECONDS);
    await this.table.put(
      { pk: this.#pk, sk: `${stamp(now)}#${indexAndFile(id)}`, topic, text, expiresAt },
      always,
    );
  }

  /**
   * The notifications since that time (milliseconds since the epoch), and one minute before, on the client's topics.
   * Leaves out the last one that the client received.
   */
  async since(time: number, isHeard: (topic: string) => boolean, last = ''): Promise<Missed> {
    const oldest = stamp(time - LOOK_BACK_MILLISECONDS);
    const texts: string[] = [];
    let bytes = 0;
    let lookedAt = 0;
    for (let after: Key | undefined, isFirst = true; isFirst || after; isFirst = false) {
      const range = { pk: this.#pk, prefix: 'ENTRY#', descending: true, limit: PAGE_ENTRIES };
      const page = await this.table.query({ ...range, ...(after && { after }) });
      for (const { sk, topic, text } of page.items) {
        if (sk < oldest) return { texts: texts.reverse(), isCut: false };
        lookedAt += 1;
        if (!isHeard(topic as string) || sk.endsWith(`#${indexAndFile(last)}`)) continue;
        bytes += Buffer.byteLength(text as string) + 1;
        if (texts.length === MAX_MISSED || bytes > MAX_MISSED_BYTES) {
          return { texts: texts.reverse(), isCut: true };
        }
        texts.push(text as string);
      }
      after = page.next;
      if (after && lookedAt >= MAX_LOOKED_AT) return { texts: texts.reverse(), isCut: true };
    }
    return { texts: texts.reverse(), isCut: false };
  }

  /** When the notification with this Id was begun; `undefined` if it is unknown or too old. */
  async timeOf(id: string): Promise<number | undefined> {
    const [file = '', index] = id.split('.');
    const item: Item | undefined = await this.table.get(announcementKey(file, Number(index)));
    return item?.begunAt as number | undefined;
  }
}

export function logPk(service: string): string {
  // No channel can have this name.
  return `LOG#${service}#~told`;
}

/** For a message of a file, which is announced once. */
export function announcementKey(file: string, index: number): Key {
  return { pk: `FILE#${file}`, sk: `MESSAGE#${padded(index)}` };
}

/** Keeps notifications of the same millisecond in the order of their file. */
function indexAndFile(id: string): string {
  const [file = '', index] = id.split('.');
  return `${padded(Number(index))}#${file}`;
}

function padded(index: number): string {
  return String(index).padStart(INDEX_DIGITS, '0');
}

function stamp(milliseconds: number): string {
  return `ENTRY#${String(Math.max(0, milliseconds)).padStart(STAMP_DIGITS, '0')}`;
}
