/**
 * Reads a connection's messages from its inbox, one after the other, and waits for the next one: Read of
 * %CSP.WebSocket.
 */
import { type Clock, sleep } from '../clock';
import { InvalidValueError, WebSocketClosedError, WebSocketTimeoutError } from '../errors';
import { type Inbox, type InboxMessage, LATEST_PUT_AFTER_CLOSE_MILLISECONDS } from './inbox';
import { Settling } from './settling';

export interface ReadOptions {
  /** UTF-16 code units; a longer message is read in pieces. @default 32,656, as in IRIS */
  maxLength?: number;
  /** @default 86,400, as in IRIS: one day */
  timeoutSeconds?: number;
  /**
   * How long after its timestamp a message stays in the inbox, in case an earlier one is still on its way.
   * `'adaptive'` keeps the order of a stream: a second or more at the beginning of a stream, 100 ms for a single
   * message.
   * @default 0; `'adaptive'` in `server()`, and for `messages()`
   */
  settleMilliseconds?: Settle;
}

const DEFAULT_MAX_LENGTH = 32_656;
const DEFAULT_TIMEOUT_SECONDS = 86_400;
const FIRST_PAUSE_MILLISECONDS = 20;
const LONGEST_PAUSE_MILLISECONDS = 500;
/** The pause after another reader was faster once. Doubles each time. */
const FIRST_BACKOFF_MILLISECONDS = 5;
/** By how much a message that was stored late may be overtaken in a stream. */
const THOROUGH_LOOK_MILLISECONDS = 1_000;
/** How often a waiting reader checks whether the connection has closed. */
const CLOSED_LOOK_MILLISECONDS = 1_000;

/** Milliseconds after a message's timestamp. */
export type Settle = number | 'adaptive';

/** Whose messages a reader takes, and how. */
export interface MessageSource {
  inbox: Inbox;
  clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** Milliseconds since the epoch: every wait ends by then. */
  deadline: number;
  /** How long a message settles if `read` does not say. */
  settle: Settle;
  /** How long this environment took to start, if it belongs to a function. */
  startMilliseconds?: number | undefined;
  /** Called before each query. Throws to end the reading. */
  beforeLook?(): Promise<void>;
  /** `false` if another reader has the message. */
  take(message: InboxMessage): Promise<boolean>;
  /** When the connection closed, in milliseconds since the epoch; 0 if its closed mark has expired; `undefined` while it is open. */
  closedAt(): Promise<number | undefined>;
  /** For a reader that does not wait: asks API Gateway. `true` if the client has disconnected. */
  hasGone(): Promise<boolean>;
}

export class MessageReader {
  /** What is left of the message that was read last. */
  #rest = '';
  #atEnd = true;
  /** The connection had closed before the next query began, so long ago that no more messages can appear. */
  #nothingCanCome = false;
  #lookAtCloseFrom = 0;
  #lookThoroughlyFrom = 0;
  /** How often in a row another reader was faster. */
  #conflicts = 0;
  readonly #settling: Settling;

  constructor(
    private readonly webSocketId: string,
    private readonly source: MessageSource,
  ) {
    this.#settling = new Settling(source.clock.now(), source.startMilliseconds);
  }

  /** Whether the last read reached the end of its message. */
  get atEnd(): boolean {
    return this.#atEnd;
  }

  async read(options: ReadOptions = {}): Promise<string> {
    const maxLength = wholeNumber('maxLength', options.maxLength ?? DEFAULT_MAX_LENGTH, 2);
    if (this.#atEnd) {
      this.#rest = await this.#next(
        number('timeoutSeconds', options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS),
        settleOf(options.settleMilliseconds ?? this.source.settle),
      );
    }
    const piece = firstPiece(this.#rest, maxLength);
    this.#rest = this.#rest.slice(piece.length);
    this.#atEnd = this.#rest === '';
    return piece;
  }

  async #next(timeoutSeconds: number, settle: Settle): Promise<string> {
    const { clock, deadline, beforeLook } = this.source;
    const begun = clock.now();
    const timeout = begun + timeoutSeconds * 1_000;
    const end = Math.min(timeout, deadline);
    for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
      await beforeLook?.();
      const found = await this.#takeFirst(settle);
      if (typeof found === 'string') return found;
      if (found === 0 && (await this.#isClosed(timeoutSeconds === 0)))
        throw new WebSocketClosedError(this.webSocketId);
      const now = clock.now();
      // A message that has arrived and only settles is not a timeout.
      const settles = settle === 'adaptive' && found > 0 && this.#conflicts === 0;
      const left = (settles ? deadline : end) - now;
      if (left <= 0) throw new WebSocketTimeoutError(this.webSocketId, (now - begun) / 1_000, end < timeout);
      await sleep(clock, Math.min(found > 0 ? found : pause, left));
    }
  }

  /**
   * Uses quick queries while messages follow each other, and a full query from time to time or if a quick query finds
   * nothing.
   */
  async #takeFirst(settle: Settle): Promise<string | number> {
    const now = this.source.clock.now();
    if (now < this.#lookThoroughlyFrom) {
      // A message waits this long after its timestamp for an earlier one, so an earlier one is at most twice as far
      // back. Adaptive settling delivers in the order of timestamps, so messages that arrive in order sort after the
      // last one delivered.
      const found = await this.#takeFirstOf(settle === 'adaptive' ? 0 : 2 * settle, settle);
      if (found !== 0) return found;
    }
    this.#lookThoroughlyFrom = now + THOROUGH_LOOK_MILLISECONDS;
    const found = await this.#takeFirstOf(undefined, settle);
    if (found === 0) this.#lookThoroughlyFrom = 0;
    return found;
  }

  /**
   * The body of the first message. If it is not available yet, the milliseconds until the next query; 0 if there is
   * none.
   */
  async #takeFirstOf(quickLookBack: number | undefined, settle: Settle): Promise<string | number> {
    const { inbox, clock, random, take } = this.source;
    const closed = this.#nothingCanCome;
    for await (const message of inbox.unread(quickLookBack)) {
      const left = settle === 'adaptive' ? this.#settling.of(message) : settle;
      const unsettled = message.sentAt + left - clock.now();
      if (unsettled > 0 && !closed) return unsettled;
      if (await take(message)) {
        this.#settling.given(message, clock.now());
        this.#conflicts = 0;
        return message.body;
      }
      // Other readers may be at work. A random pause avoids them, and keeps the order.
      const longest = Math.min(
        FIRST_BACKOFF_MILLISECONDS * 2 ** this.#conflicts++,
        LONGEST_PAUSE_MILLISECONDS,
      );
      return 1 + random() * longest;
    }
    return 0;
  }

  /**
   * Nothing was found. A waiting reader reports a close only if the close, and everything before it, was visible
   * before the query.
   */
  async #isClosed(atOnce: boolean): Promise<boolean> {
    if (this.#nothingCanCome) return true;
    const { clock, closedAt, hasGone } = this.source;
    const now = clock.now();
    if (!atOnce && now < this.#lookAtCloseFrom) return false;
    this.#lookAtCloseFrom = now + CLOSED_LOOK_MILLISECONDS;
    const closed = await closedAt();
    if (atOnce) return closed !== undefined || (await hasGone());
    this.#nothingCanCome = closed !== undefined && closed + LATEST_PUT_AFTER_CLOSE_MILLISECONDS < now;
    return false;
  }
}

/** Never splits a character that takes two code units. */
function firstPiece(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxLength - 1 : maxLength);
}

function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new InvalidValueError(`${name} must be a whole number of at least ${least}, not ${value}.`);
}

function settleOf(settle: Settle): Settle {
  return settle === 'adaptive' ? settle : number('settleMilliseconds', settle);
}

function number(name: string, value: number): number {
  if (value >= 0) return value;
  throw new InvalidValueError(`${name} must be 0 or more, not ${value}.`);
}
