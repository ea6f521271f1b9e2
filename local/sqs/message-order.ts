/** The order in which a queue delivers its visible messages. */
import type { QueuedMessage } from './message';

export interface MessageOrder {
  readonly size: number;
  /** A message has become visible. */
  add(message: QueuedMessage): void;
  /** The message is in flight now. */
  flies(message: QueuedMessage): void;
  /** The message is no longer in flight: it is visible again, or deleted. */
  landed(message: QueuedMessage): void;
  remove(message: QueuedMessage): void;
  /** Takes out the next message that may be delivered now. */
  take(): QueuedMessage | undefined;
  all(): Iterable<QueuedMessage>;
}

/** A standard queue: in the order in which messages became visible. */
export class ArrivalOrder implements MessageOrder {
  readonly #visible = new Map<string, QueuedMessage>();

  get size(): number {
    return this.#visible.size;
  }

  add(message: QueuedMessage): void {
    this.#visible.set(message.messageId, message);
  }

  flies(): void {}

  landed(): void {}

  remove({ messageId }: QueuedMessage): void {
    this.#visible.delete(messageId);
  }

  take(): QueuedMessage | undefined {
    for (const message of this.#visible.values()) {
      this.#visible.delete(message.messageId);
      return message;
    }
    return undefined;
  }

  all(): Iterable<QueuedMessage> {
    return this.#visible.values();
  }
}

/**
 * A FIFO queue: messages of a group in sequence, but none while a message of the group is in flight. One receive may
 * return several messages of a group, so they count as in flight only after the receive is complete.
 */
export class GroupOrder implements MessageOrder {
  readonly #groups = new Map<string, QueuedMessage[]>();
  readonly #inFlight = new Map<string, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(message: QueuedMessage): void {
    const group = this.#groups.get(groupOf(message));
    this.#size += 1;
    if (!group) {
      this.#groups.set(groupOf(message), [message]);
      return;
    }
    const later = group.findIndex((other) => (other.sequence ?? 0n) > (message.sequence ?? 0n));
    if (later < 0) group.push(message);
    else group.splice(later, 0, message);
  }

  flies(message: QueuedMessage): void {
    this.#inFlight.set(groupOf(message), (this.#inFlight.get(groupOf(message)) ?? 0) + 1);
  }

  landed(message: QueuedMessage): void {
    const left = (this.#inFlight.get(groupOf(message)) ?? 0) - 1;
    if (left > 0) this.#inFlight.set(groupOf(message), left);
    else this.#inFlight.delete(groupOf(message));
  }

  remove(message: QueuedMessage): void {
    const group = this.#groups.get(groupOf(message));
    const at = group?.indexOf(message) ?? -1;
    if (!group || at < 0) return;
    group.splice(at, 1);
    this.#size -= 1;
    if (group.length === 0) this.#groups.delete(groupOf(message));
  }

  take(): QueuedMessage | undefined {
    for (const [name, group] of this.#groups) {
      const [message] = group;
      if (!message || this.#inFlight.has(name)) continue;
      this.remove(message);
      return message;
    }
    return undefined;
  }

  *all(): Iterable<QueuedMessage> {
    for (const group of this.#groups.values()) yield* group;
  }
}

function groupOf({ groupId = '' }: QueuedMessage): string {
  return groupId;
}
