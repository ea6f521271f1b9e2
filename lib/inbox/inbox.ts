/**
 * A connection's inbox: messages wait in the table until a process reads them. Each is taken by one reader.
 *
 * CONNECTION#{id} / MESSAGE#{stamp}#{message id in hex}   a message; a taken one stays for a while without its body, so that a
 *                                                         repeated put does not bring it back
 */
import type { Clock } from '../clock';
import { connectionKey } from '../connections/connection-items';
import {
  absent,
  all,
  any,
  atMost,
  type Condition,
  equals,
  exists,
  itemAbsent,
  itemExists,
} from '../table/conditions';
import { expiryAfter, type Item, type Key } from '../table/item';
import type { Table } from '../table/table';
import { sortableMessageId } from './message-ids';

/** An unread message outlives the two hours of its connection, but not more. */
const UNREAD_SECONDS = 3 * 60 * 60;
/** How long a taken message is kept: longer than its put can be repeated. */
const TAKEN_MILLISECONDS = 90_000;
/** Messages that nobody deletes expire. */
const TAKEN_SECONDS = 10 * 60;
/**
 * If a handler has not stored its message by then, API Gateway has abandoned it and reported a timeout to the sender.
 */
const LATEST_PUT_MILLISECONDS = 28_000;
/** How long after a close a handler that started before it may still store its message. */
export const LATEST_PUT_AFTER_CLOSE_MILLISECONDS = 30_000;
/** How old a message may be when it appears: as long as its handler may run, plus the difference of clocks. */
const LOOK_BACK_MILLISECONDS = 35_000;
/** The page size of a full query, which may pass many taken messages, and of a quick one, which does not. */
const THOROUGH_PAGE_MESSAGES = 250;
const QUICK_PAGE_MESSAGES = 10;
/** How many taken messages one query deletes at most. */
const DELETED_AT_A_TIME = 25;
/** The digits of `MESSAGE#${stamp}`: sorts as numbers do. */
const STAMP_DIGITS = 15;

/** A message in the inbox. */
export interface InboxMessage {
  /** Its sort key: API Gateway's timestamp, then the message id. */
  sk: string;
  /** When API Gateway received it, in milliseconds since the epoch (`requestTimeEpoch`). */
  sentAt: number;
  /** How many milliseconds later its handler stored it. */
  delay: number;
  body: string;
}

export class Inbox {
  readonly #pk: string;
  /** Every earlier message is known to be taken, and no more can appear there. */
  #from = 0;
  /** The last of the taken messages before the first untaken one, and its timestamp. */
  #seenTaken = { sk: '', sentAt: 0 };
  /** What this reader took, oldest first, to be deleted in time. */
  readonly #taken: { sk: string; takenAt: number }[] = [];

  constructor(
    readonly webSocketId: string,
    private readonly table: Table,
    private readonly clock: Clock,
  ) {
    this.#pk = connectionKey(webSocketId).pk;
  }

  /**
   * Stores a message. `false` if it is too late: by then, API Gateway has answered "Endpoint request timed out" to
   * the sender (29 s; source: API Gateway quotas, "Integration timeout"), and a reader may already have reported a
   * close.
   */
  async put(message: { messageId: string; sentAt: number; body: string }): Promise<boolean> {
    const { messageId, sentAt, body } = message;
    const now = this.clock.now();
    if (now > sentAt + LATEST_PUT_MILLISECONDS) return false;
    const sk = `${stampedAt(sentAt)}#${sortableMessageId(messageId)}`;
    const expiresAt = expiryAfter(now, UNREAD_SECONDS);
    // An existing item is this message, from a call whose response was lost. It may have been taken since.
    const delay = Math.max(0, now - sentAt);
    await this.table.put({ pk: this.#pk, sk, body, sentAt, delay, expiresAt }, itemAbsent);
    return true;
  }

  /**
   * The untaken messages, oldest first, read consistently. A quick query begins the given number of milliseconds
   * before the timestamp of the last message that was seen taken. Only a full query, without that number, finds
   * everything that was stored late.
   * Also deletes some messages that were taken long ago.
   */
  async *unread(quickLookBack?: number): AsyncGenerator<InboxMessage, void, undefined> {
    const now = this.clock.now();
    const isThorough = quickLookBack === undefined;
    const old = this.#due(now);
    let from = now - LOOK_BACK_MILLISECONDS;
    let isLeading = true;
    try {
      for (let after: Key | undefined = this.#startOf(quickLookBack); after; ) {
        const limit = isThorough ? THOROUGH_PAGE_MESSAGES : QUICK_PAGE_MESSAGES;
        const page = await this.table.query({ pk: this.#pk, prefix: 'MESSAGE#', limit, after });
        for (const item of page.items) {
          if (item.reader === undefined) {
            isLeading = false;
            from = Math.min(from, item.sentAt as number);
            if (isThorough) this.#from = from;
            yield toMessage(item);
          } else {
            if (isLeading) this.#seeTaken(item);
            if ((item.takenAt as number) <= now - TAKEN_MILLISECONDS) old.push(item.sk);
          }
        }
        after = page.next;
      }
      if (isThorough) this.#from = from;
    } finally {
      await this.#deleteTaken(old.slice(0, DELETED_AT_A_TIME), now);
    }
  }

  async hasUnread(): Promise<boolean> {
    const first = await this.unread().next();
    return !first.done;
  }

  /** Takes a message for one reader. `false` if another has it. `reader` must be new for each take. */
  async take({ sk }: InboxMessage, reader: string): Promise<boolean> {
    const condition = all(itemExists, any(absent('reader'), equals('reader', reader)));
    return this.#strip(sk, reader, condition);
  }

  /** Removes a message that its owner has handled. Nobody else can have taken it. */
  async acknowledge({ sk }: InboxMessage, owner: string): Promise<void> {
    await this.#strip(sk, owner, all(itemExists, absent('reader')));
  }

  /** Lets unread messages expire together with the closed mark. */
  async expire(expiresAt: number): Promise<void> {
    const messages: InboxMessage[] = [];
    for await (const message of this.unread()) messages.push(message);
    await Promise.all(
      messages.map(({ sk }) =>
        this.table.update({ pk: this.#pk, sk }, { set: { expiresAt } }, all(itemExists, absent('reader'))),
      ),
    );
  }

  async #strip(sk: string, reader: string, condition: Condition): Promise<boolean> {
    const takenAt = this.clock.now();
    const expiresAt = expiryAfter(takenAt, TAKEN_SECONDS);
    const change = { set: { reader, takenAt, expiresAt }, remove: ['body'] };
    const stripped = await this.table.update({ pk: this.#pk, sk }, change, condition);
    if (stripped) this.#taken.push({ sk, takenAt });
    return stripped !== undefined;
  }

  /** Where a query begins. */
  #startOf(quickLookBack: number | undefined): Key {
    const { sk, sentAt } = this.#seenTaken;
    const thorough = before(this.#from);
    const quick = quickLookBack === 0 ? sk : before(sentAt - (quickLookBack ?? 0));
    return { pk: this.#pk, sk: quickLookBack !== undefined && quick > thorough ? quick : thorough };
  }

  #seeTaken({ sk, sentAt }: Item): void {
    if (sk > this.#seenTaken.sk) this.#seenTaken = { sk, sentAt: sentAt as number };
  }

  /** The first of this reader's taken messages that are due for deletion. */
  #due(now: number): string[] {
    const firstYoung = this.#taken.findIndex(({ takenAt }) => takenAt > now - TAKEN_MILLISECONDS);
    const due = firstYoung < 0 ? this.#taken.length : firstYoung;
    return this.#taken.splice(0, Math.min(due, DELETED_AT_A_TIME)).map(({ sk }) => sk);
  }

  async #deleteTaken(sks: string[], now: number): Promise<void> {
    const condition = all(exists('reader'), atMost('takenAt', now - TAKEN_MILLISECONDS));
    await Promise.all(sks.map((sk) => this.table.delete({ pk: this.#pk, sk }, condition)));
  }
}

/** Sorts after everything with an earlier timestamp, and before everything with this one. */
function before(sentAt: number): string {
  return `${stampedAt(sentAt - 1)}#\uffff`;
}

function stampedAt(milliseconds: number): string {
  return `MESSAGE#${String(Math.max(0, milliseconds)).padStart(STAMP_DIGITS, '0')}`;
}

function toMessage({ sk, body, sentAt, delay = 0 }: Item): InboxMessage {
  return { sk, body: body as string, sentAt: sentAt as number, delay: delay as number };
}
