/**
 * A connection's inbox: messages that wait in the table until some process reads them, each taken by one reader.
 *
 * CONNECTION#{id} / MESSAGE#{stamp}#{message id in hex}   a message; once taken it stays for a while without its body, so that
 *                                                         its put, repeated after a lost answer, does not bring it back
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

/** An unread message outlives the two hours of its connection, and nothing else does. */
const UNREAD_SECONDS = 3 * 60 * 60;
/** How long a taken message is still known: longer than its put can be repeated. */
const TAKEN_MILLISECONDS = 90_000;
/** What nobody deletes expires. */
const TAKEN_SECONDS = 10 * 60;
/** A handler that has not stored its message by then has been given up by the gateway, which told the sender so. */
const LATEST_PUT_MILLISECONDS = 28_000;
/** So long after a close a handler that began before it may still store its message. */
export const LATEST_PUT_AFTER_CLOSE_MILLISECONDS = 30_000;
/** As far back of the present a message may still appear: as long as its handler may run, and clocks may differ. */
const LOOK_BACK_MILLISECONDS = 35_000;
/** A page of a thorough look, which may have many taken ones to pass, and of a quick one, which has not. */
const THOROUGH_PAGE_MESSAGES = 250;
const QUICK_PAGE_MESSAGES = 10;
/** Taken messages that one look deletes at most. */
const DELETED_AT_A_TIME = 25;
/** Of `MESSAGE#{stamp}`: sorts as numbers do. */
const STAMP_DIGITS = 15;

/** A message as it lies in the inbox. */
export interface InboxMessage {
  /** Its sort key: the gateway's stamp, then the message id. */
  sk: string;
  /** When the gateway took it, in milliseconds since the epoch (`requestTimeEpoch`). */
  sentAt: number;
  /** How many milliseconds later its handler stored it. */
  delay: number;
  body: string;
}

export class Inbox {
  readonly #pk: string;
  /** Whatever was stamped before has been seen taken, and nothing can appear there any more. */
  #from = 0;
  /** The last of the messages that lay taken before the first that did not, and its stamp. */
  #seenTaken = { sk: '', sentAt: 0 };
  /** What was taken here, oldest first, to be deleted in time. */
  readonly #taken: { sk: string; takenAt: number }[] = [];

  constructor(
    readonly webSocketId: string,
    private readonly table: Table,
    private readonly clock: Clock,
  ) {
    this.#pk = connectionKey(webSocketId).pk;
  }

  /**
   * Stores a message. `false` if it is too late for that: the gateway has told the sender "Endpoint request timed out" by then
   * (29 s; source: API Gateway quotas, "Integration timeout"), and a reader may have been told that the connection is closed.
   */
  async put(message: { messageId: string; sentAt: number; body: string }): Promise<boolean> {
    const { messageId, sentAt, body } = message;
    const now = this.clock.now();
    if (now > sentAt + LATEST_PUT_MILLISECONDS) return false;
    const sk = `${stampedAt(sentAt)}#${sortable(messageId)}`;
    const expiresAt = expiryAfter(now, UNREAD_SECONDS);
    // One that is there is this one, from a call whose answer was lost; perhaps it has been taken since.
    const delay = Math.max(0, now - sentAt);
    await this.table.put({ pk: this.#pk, sk, body, sentAt, delay, expiresAt }, itemAbsent);
    return true;
  }

  /**
   * The messages that nobody has taken, oldest first, read consistently. A quick look begins so many milliseconds before the
   * stamp of what was seen taken last; only a thorough one, without that number, finds everything that was stored late.
   * Deletes some of what was taken long ago.
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

  /** Takes a message for one reader. `false` if another has it. `reader` is fresh for each take. */
  async take({ sk }: InboxMessage, reader: string): Promise<boolean> {
    const condition = all(itemExists, any(absent('reader'), equals('reader', reader)));
    return this.#strip(sk, reader, condition);
  }

  /** Takes out what its owner has handled: nobody else may have taken it. */
  async acknowledge({ sk }: InboxMessage, owner: string): Promise<void> {
    await this.#strip(sk, owner, all(itemExists, absent('reader')));
  }

  /** Lets what is still unread expire together with the closed mark. */
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

  /** The first of those that were taken here and are due to be deleted. */
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

/** Sorts behind everything that was stamped earlier, and before everything that was stamped then. */
function before(sentAt: number): string {
  return `${stampedAt(sentAt - 1)}#\uffff`;
}

function stampedAt(milliseconds: number): string {
  return `MESSAGE#${String(Math.max(0, milliseconds)).padStart(STAMP_DIGITS, '0')}`;
}

/** Message ids are bytes, the first of which grow with time; their base64 does not sort as they do. */
function sortable(messageId: string): string {
  return Buffer.from(messageId, 'base64url').toString('hex');
}

function toMessage({ sk, body, sentAt, delay = 0 }: Item): InboxMessage {
  return { sk, body: body as string, sentAt: sentAt as number, delay: delay as number };
}
