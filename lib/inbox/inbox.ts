/**
 * A connection's inbox: messages that wait in the table until some process reads them, each taken by one reader.
 *
 * CONNECTION#{id} / MESSAGE#{stamp}#{message id in hex}   a message; once taken it stays for a while without its body, so that
 *                                                         its put, repeated after a lost answer, does not bring it back
 */
import type { Clock } from '../clock';
import { connectionKey } from '../connection-items';
import { absent, all, any, atMost, equals, exists, itemAbsent, itemExists } from '../table/conditions';
import type { Item, Key } from '../table/item';
import type { Table } from '../table/table';

/** An unread message outlives the two hours of its connection, and nothing else does. */
const UNREAD_SECONDS = 3 * 60 * 60;
/** How long a taken message is still known: longer than its put can be repeated. */
const TAKEN_MILLISECONDS = 90_000;
/** What nobody deletes expires. */
const TAKEN_SECONDS = 10 * 60;
/** A handler that has not stored its message by then has been given up by the gateway, which told the sender so. */
const LATEST_PUT_MILLISECONDS = 28_000;
/** As far back of the present a message may still appear, clocks of different hosts allowed for. */
const LOOK_BACK_MILLISECONDS = 60_000;
/** A thorough look may have many taken ones to pass, which are small. */
const PAGE_MESSAGES = { quick: 10, thorough: 100 };
/** Of `MESSAGE#{stamp}`: sorts as numbers do. */
const STAMP_DIGITS = 15;

/** A message as it lies in the inbox. */
export interface InboxMessage {
  /** Its sort key: the gateway's stamp, then the message id. */
  sk: string;
  /** When the gateway took it, in milliseconds since the epoch (`requestTimeEpoch`). */
  sentAt: number;
  body: string;
}

export class Inbox {
  readonly #pk: string;
  /** Whatever was stamped before has been seen taken, and nothing can appear there any more. */
  #from = 0;
  /** The last of the messages that lay taken before the first that did not. */
  #seenTaken = '';

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
    const expiresAt = Math.floor(now / 1000) + UNREAD_SECONDS;
    // One that is there is this one, from a call whose answer was lost; perhaps it has been taken since.
    await this.table.put({ pk: this.#pk, sk, body, sentAt, expiresAt }, itemAbsent);
    return true;
  }

  /**
   * The messages that nobody has taken, oldest first, read consistently. A quick look begins behind what the last looks have
   * seen taken; only a thorough one finds what was stamped earlier and stored later. Deletes what was taken long ago.
   */
  async *unread(look: 'quick' | 'thorough' = 'thorough'): AsyncGenerator<InboxMessage, void, undefined> {
    const now = this.clock.now();
    const old: Key[] = [];
    let from = now - LOOK_BACK_MILLISECONDS;
    let isLeading = true;
    try {
      for (let after: Key | undefined = this.#startOf(look); after; ) {
        const limit = PAGE_MESSAGES[look];
        const page = await this.table.query({ pk: this.#pk, prefix: 'MESSAGE#', limit, after });
        for (const item of page.items) {
          if (item.reader === undefined) {
            isLeading = false;
            from = Math.min(from, item.sentAt as number);
            if (look === 'thorough') this.#from = from;
            yield toMessage(item);
          } else {
            if (isLeading && item.sk > this.#seenTaken) this.#seenTaken = item.sk;
            if ((item.takenAt as number) <= now - TAKEN_MILLISECONDS) old.push({ pk: item.pk, sk: item.sk });
          }
        }
        after = page.next;
      }
      if (look === 'thorough') this.#from = from;
    } finally {
      await this.#deleteTaken(old, now);
    }
  }

  /** Takes a message for one reader. `false` if another has it. `reader` is fresh for each take. */
  async take({ sk }: InboxMessage, reader: string): Promise<boolean> {
    const taken = await this.table.update(
      { pk: this.#pk, sk },
      this.#taken(reader),
      all(itemExists, any(absent('reader'), equals('reader', reader))),
    );
    return taken !== undefined;
  }

  /** Takes out what its owner has handled: nobody else may have taken it. */
  async acknowledge({ sk }: InboxMessage, owner: string): Promise<void> {
    await this.table.update({ pk: this.#pk, sk }, this.#taken(owner), all(itemExists, absent('reader')));
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

  #taken(reader: string) {
    const now = this.clock.now();
    return {
      set: { reader, takenAt: now, expiresAt: Math.floor(now / 1000) + TAKEN_SECONDS },
      remove: ['body'],
    };
  }

  /** Where a query begins. */
  #startOf(look: 'quick' | 'thorough'): Key {
    const before = `${stampedAt(this.#from - 1)}#\uffff`;
    return { pk: this.#pk, sk: look === 'quick' && this.#seenTaken > before ? this.#seenTaken : before };
  }

  async #deleteTaken(keys: Key[], now: number): Promise<void> {
    const condition = all(exists('reader'), atMost('takenAt', now - TAKEN_MILLISECONDS));
    await Promise.all(keys.map((key) => this.table.delete(key, condition)));
  }
}

function stampedAt(milliseconds: number): string {
  return `MESSAGE#${String(Math.max(0, milliseconds)).padStart(STAMP_DIGITS, '0')}`;
}

/** Message ids are bytes, the first of which grow with time; their base64 does not sort as they do. */
function sortable(messageId: string): string {
  return Buffer.from(messageId, 'base64url').toString('hex');
}

function toMessage({ sk, body, sentAt }: Item): InboxMessage {
  return { sk, body: body as string, sentAt: sentAt as number };
}
