/** The messages in a queue: visible, delayed or in flight, and their share of the memory of all queues. */
import type { Clock } from '../clock';
import type { QueuedMessage } from './message';
import { ArrivalOrder, GroupOrder, type MessageOrder } from './message-order';

/** The overhead of a message besides its text. */
const OVERHEAD_BYTES = 1024;

export interface QueueMessagesOptions {
  isFifo: boolean;
  clock: Clock;
  /** The memory that the messages of all queues use. */
  memory: { bytes: number };
}

export class QueueMessages {
  readonly #clock: Clock;
  readonly #memory: { bytes: number };
  readonly #visible: MessageOrder;
  /** Delayed or in flight. */
  readonly #hidden = new Map<string, QueuedMessage>();
  readonly #byId = new Map<string, QueuedMessage>();
  /** Nothing becomes visible before this time. */
  #nextVisibleAt = Number.POSITIVE_INFINITY;
  #inFlight = 0;

  constructor({ isFifo, clock, memory }: QueueMessagesOptions) {
    this.#clock = clock;
    this.#memory = memory;
    this.#visible = isFifo ? new GroupOrder() : new ArrivalOrder();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** When the next hidden message becomes visible; undefined if none is hidden. */
  get nextVisibleAt(): number | undefined {
    return this.#hidden.size === 0 ? undefined : this.#nextVisibleAt;
  }

  get(messageId: string): QueuedMessage | undefined {
    return this.#byId.get(messageId);
  }

  all(): QueuedMessage[] {
    return [...this.#byId.values()];
  }

  counts(): { visible: number; inFlight: number; delayed: number } {
    return {
      visible: this.#visible.size,
      inFlight: this.#inFlight,
      delayed: this.#hidden.size - this.#inFlight,
    };
  }

  add(message: QueuedMessage): void {
    this.#byId.set(message.messageId, message);
    this.#memory.bytes += message.bytes + OVERHEAD_BYTES;
    if (message.visibleAt > this.#clock.now()) this.hide(message);
    else this.#visible.add(message);
  }

  /** The next visible message. The caller must put it in flight or remove it. */
  next(): QueuedMessage | undefined {
    return this.#visible.take();
  }

  /** For a message from `next`. */
  putInFlight(message: QueuedMessage): void {
    message.isInFlight = true;
    this.#inFlight += 1;
    this.#visible.flies(message);
    this.hide(message);
  }

  /** Hides the message until its `visibleAt`. */
  hide(message: QueuedMessage): void {
    this.#hidden.set(message.messageId, message);
    this.#nextVisibleAt = Math.min(this.#nextVisibleAt, message.visibleAt);
  }

  /** Makes messages visible whose time has come. */
  showDue(): void {
    const now = this.#clock.now();
    if (now < this.#nextVisibleAt) return;
    this.#nextVisibleAt = Number.POSITIVE_INFINITY;
    for (const message of this.#hidden.values()) {
      if (message.visibleAt > now) {
        this.#nextVisibleAt = Math.min(this.#nextVisibleAt, message.visibleAt);
        continue;
      }
      this.#hidden.delete(message.messageId);
      this.#land(message);
      this.#visible.add(message);
    }
  }

  remove(message: QueuedMessage): void {
    if (!this.#byId.delete(message.messageId)) return;
    this.#memory.bytes -= message.bytes + OVERHEAD_BYTES;
    if (this.#hidden.delete(message.messageId)) this.#land(message);
    else this.#visible.remove(message);
  }

  #land(message: QueuedMessage): void {
    if (!message.isInFlight) return;
    message.isInFlight = false;
    this.#inFlight -= 1;
    this.#visible.landed(message);
  }
}
