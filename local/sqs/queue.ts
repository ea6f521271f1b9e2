/** One SQS queue in memory: delay, visibility, retention, order and dead letters by the runtime's clock. */
import { randomUUID } from 'node:crypto';
import type { Queue as QueueSettings } from '../assembly/model';
import type { Alarm, Clock } from '../clock';
import { contentDigest, Deduplication } from './deduplication';
import { messageBytes, type NewMessage, type QueuedMessage, type ReceivedMessage } from './message';
import { ArrivalOrder, GroupOrder, type MessageOrder } from './message-order';
import { checkMessage } from './message-rules';
import { messageIdOf, newHandle } from './receipt-handle';
import { invalidParameter, SqsError, unknownHandle } from './sqs-error';

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const MAX_IN_FLIGHT = 120_000;
export const MAX_VISIBILITY_SECONDS = 43_200;
const PURGE_PAUSE_MILLIS = 60_000;
/** SQS has no limit, but this machine's memory does. */
export const MAX_MEMORY_BYTES = 512 * 1024 * 1024;
/** The overhead of a message besides its text. */
const OVERHEAD_BYTES = 1024;

export interface SentMessage {
  messageId: string;
  sequenceNumber?: string;
}

export interface ReceiveOptions {
  maxMessages: number;
  /** @default the queue's */
  visibilitySeconds?: number;
  /** How long to wait for the first message. `Infinity` for a poller that never stops. @default 0 */
  waitSeconds?: number;
  /** Aborted when the receiver has disconnected. */
  signal?: AbortSignal;
}

export interface QueueSurroundings {
  clock: Clock;
  /** The queue with that ARN, if it is run. */
  find(arn: string): Queue | undefined;
  /** The memory that the messages of all queues use. */
  memory: { bytes: number };
}

interface Waiter {
  options: ReceiveOptions;
  resolve(messages: ReceivedMessage[]): void;
  timeout?: Alarm;
}

export class Queue {
  #settings: QueueSettings;
  readonly #clock: Clock;
  readonly #surroundings: QueueSurroundings;
  readonly #order: MessageOrder;
  /** Delayed or in flight. */
  readonly #hidden = new Map<string, QueuedMessage>();
  readonly #byId = new Map<string, QueuedMessage>();
  readonly #sent: Deduplication<SentMessage>;
  readonly #waiters = new Set<Waiter>();
  #wakeUp: Alarm | undefined;
  /** Nothing becomes visible before this time. */
  #nextVisibleAt = Number.POSITIVE_INFINITY;
  #inFlight = 0;
  #lastSequence = FIRST_SEQUENCE;
  #purgedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: QueueSettings, surroundings: QueueSurroundings) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#clock = surroundings.clock;
    this.#order = settings.isFifo ? new GroupOrder() : new ArrivalOrder();
    this.#sent = new Deduplication(() => this.#clock.now());
  }

  get settings(): QueueSettings {
    return this.#settings;
  }

  /** Applies new settings. Messages stay. */
  replace(settings: QueueSettings): void {
    this.#settings = settings;
  }

  /** @throws {SqsError} if SQS would refuse the message */
  send(message: NewMessage): SentMessage {
    const { body, attributes = {} } = message;
    checkMessage(message, this.#settings);
    const key = this.#deduplicationKey(message);
    const earlier = key === undefined ? undefined : this.#sent.find(key.scoped);
    if (earlier) return earlier;
    this.#refuseFullMemory(message);
    const now = this.#clock.now();
    const delaySeconds = message.delaySeconds ?? this.#settings.delaySeconds;
    const sent = this.#keep({
      ...{ messageId: randomUUID(), body, attributes, bytes: messageBytes(body, attributes) },
      ...(message.traceHeader === undefined ? {} : { traceHeader: message.traceHeader }),
      ...(message.groupId === undefined ? {} : { groupId: message.groupId }),
      ...(key && { deduplicationId: key.id }),
      ...{ sentAt: now, receiveCount: 0, receivedHere: 0, isInFlight: false },
      visibleAt: now + delaySeconds * 1000,
    });
    if (key) this.#sent.remember(key.scoped, sent);
    return sent;
  }

  /** Adds a dead letter from another queue. */
  takeOver(message: QueuedMessage, sourceArn: string): void {
    const now = this.#clock.now();
    this.#keep({
      ...message,
      ...{ visibleAt: now, receivedHere: 0, isInFlight: false, deadLetterSourceArn: sourceArn },
      // A dead letter keeps its age, except in FIFO queues ("Dead-letter queue retention" in SQS's guide).
      sentAt: this.#settings.isFifo ? now : message.sentAt,
    });
  }

  /** The available messages, or the first ones that arrive while the receiver waits. */
  receive(options: ReceiveOptions): Promise<ReceivedMessage[]> {
    const received = this.#take(options);
    const { waitSeconds = 0, signal } = options;
    if (received.length > 0 || waitSeconds === 0 || signal?.aborted) {
      if (received.length === 0 && waitSeconds === 0) this.#refuseFullFlight();
      return Promise.resolve(received);
    }
    return new Promise((resolve) => {
      const waiter: Waiter = { options, resolve };
      const giveUp = () => this.#serve(waiter, []);
      if (Number.isFinite(waitSeconds)) waiter.timeout = this.#clock.after(waitSeconds * 1000, giveUp);
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiters.add(waiter);
      this.#planWakeUp();
    });
  }

  /**
   * Only the latest receipt handle deletes. As documented, an older one has no effect.
   * @throws {SqsError} if it was never a handle of this queue
   */
  delete(handle: string): void {
    const message = this.#byHandle(handle);
    if (!message || message.receiptHandle !== handle) return;
    this.#release();
    if (this.#settings.isFifo && !message.isInFlight) {
      throw invalidParameter(
        `Value ${handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
      );
    }
    this.#forget(message);
    this.#pump();
  }

  /** @throws {SqsError} if the message is not in flight, or would be in flight for more than 12 hours */
  changeVisibility(handle: string, seconds: number): void {
    const message = this.#byHandle(handle);
    this.#release();
    if (!message || message.receiptHandle !== handle) {
      throw invalidParameter(
        `Value ${handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
    }
    if (!message.isInFlight) {
      throw new SqsError(
        'MessageNotInflight',
        `Value ${handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
    }
    message.visibleAt = this.#clock.now() + seconds * 1000;
    this.#hide(message);
    this.#pump();
  }

  /** @throws {SqsError} within a minute after another purge */
  purge(): void {
    const now = this.#clock.now();
    if (now - this.#purgedAt < PURGE_PAUSE_MILLIS) {
      throw new SqsError(
        'AWS.SimpleQueueService.PurgeQueueInProgress',
        `Only one PurgeQueue operation on ${this.#settings.queueName} is allowed every 60 seconds.`,
        'com.amazonaws.sqs#PurgeQueueInProgress',
      );
    }
    this.#purgedAt = now;
    for (const message of [...this.#byId.values()]) this.#forget(message);
  }

  counts(): { visible: number; inFlight: number; delayed: number } {
    this.#release();
    for (const message of [...this.#byId.values()]) if (this.#isExpired(message)) this.#forget(message);
    return {
      visible: this.#order.size,
      inFlight: this.#inFlight,
      delayed: this.#hidden.size - this.#inFlight,
    };
  }

  /** Ends all waits, and drops all messages. */
  close(): void {
    for (const waiter of [...this.#waiters]) this.#serve(waiter, []);
    this.#wakeUp?.cancel();
    for (const message of [...this.#byId.values()]) this.#forget(message);
  }

  #deduplicationKey({
    body,
    groupId,
    deduplicationId,
  }: NewMessage): { id: string; scoped: string } | undefined {
    if (!this.#settings.isFifo) return undefined;
    const id = deduplicationId ?? contentDigest(body);
    const scope = this.#settings.deduplicationScope === 'messageGroup' ? (groupId ?? '') : '';
    return { id, scoped: JSON.stringify([scope, id]) };
  }

  #keep(message: QueuedMessage): SentMessage {
    if (this.#settings.isFifo) {
      this.#lastSequence += SEQUENCE_STEP;
      message.sequence = this.#lastSequence;
    }
    this.#byId.set(message.messageId, message);
    this.#surroundings.memory.bytes += message.bytes + OVERHEAD_BYTES;
    if (message.visibleAt > this.#clock.now()) this.#hide(message);
    else this.#order.add(message);
    this.#pump();
    const { messageId, sequence } = message;
    return { messageId, ...(sequence === undefined ? {} : { sequenceNumber: String(sequence) }) };
  }

  #take({
    maxMessages,
    visibilitySeconds = this.#settings.visibilityTimeoutSeconds,
  }: ReceiveOptions): ReceivedMessage[] {
    this.#release();
    const taken: QueuedMessage[] = [];
    while (taken.length < maxMessages && this.#inFlight + taken.length < MAX_IN_FLIGHT) {
      const message = this.#order.take();
      if (!message) break;
      if (this.#isExpired(message)) this.#drop(message);
      else if (!this.#moveToDeadLetters(message)) taken.push(message);
    }
    return taken.map((message) => this.#fly(message, visibilitySeconds));
  }

  #fly(message: QueuedMessage, visibilitySeconds: number): ReceivedMessage {
    const now = this.#clock.now();
    const receiptHandle = newHandle(message.messageId);
    const firstReceivedAt = message.firstReceivedAt ?? now;
    Object.assign(message, { receiptHandle, firstReceivedAt, isInFlight: true });
    message.receiveCount += 1;
    message.receivedHere += 1;
    message.visibleAt = now + visibilitySeconds * 1000;
    this.#inFlight += 1;
    this.#order.flies(message);
    this.#hide(message);
    return { ...message, receiptHandle, firstReceivedAt };
  }

  /** `false` if the message may still be received. */
  #moveToDeadLetters(message: QueuedMessage): boolean {
    const { redrive, queueArn } = this.#settings;
    if (!redrive || message.receivedHere < redrive.maxReceiveCount) return false;
    const deadLetters = this.#surroundings.find(redrive.deadLetterArn);
    if (!deadLetters) return false;
    this.#drop(message);
    deadLetters.takeOver(message, queueArn);
    return true;
  }

  #hide(message: QueuedMessage): void {
    this.#hidden.set(message.messageId, message);
    this.#nextVisibleAt = Math.min(this.#nextVisibleAt, message.visibleAt);
  }

  /** Makes messages visible that are due. */
  #release(): void {
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
      this.#order.add(message);
    }
  }

  #land(message: QueuedMessage): void {
    if (!message.isInFlight) return;
    message.isInFlight = false;
    this.#inFlight -= 1;
    this.#order.landed(message);
  }

  #drop({ messageId, bytes }: QueuedMessage): void {
    this.#byId.delete(messageId);
    this.#surroundings.memory.bytes -= bytes + OVERHEAD_BYTES;
  }

  #forget(message: QueuedMessage): void {
    this.#drop(message);
    if (this.#hidden.delete(message.messageId)) this.#land(message);
    else this.#order.remove(message);
  }

  #isExpired({ sentAt }: QueuedMessage): boolean {
    return this.#clock.now() - sentAt >= this.#settings.retentionSeconds * 1000;
  }

  /** Delivers visible messages to waiting receivers. */
  #pump(): void {
    for (const waiter of [...this.#waiters]) {
      const received = this.#take(waiter.options);
      if (received.length === 0) break;
      this.#serve(waiter, received);
    }
    this.#planWakeUp();
  }

  #serve(waiter: Waiter, messages: ReceivedMessage[]): void {
    if (!this.#waiters.delete(waiter)) return;
    waiter.timeout?.cancel();
    waiter.resolve(messages);
  }

  /** Needed only while a receiver waits: when the next message becomes visible. */
  #planWakeUp(): void {
    this.#wakeUp?.cancel();
    this.#wakeUp = undefined;
    if (this.#waiters.size === 0 || this.#hidden.size === 0) return;
    this.#wakeUp = this.#clock.after(this.#nextVisibleAt - this.#clock.now(), () => this.#pump());
  }

  #refuseFullMemory({ body, attributes = {} }: NewMessage): void {
    if (this.#surroundings.memory.bytes + messageBytes(body, attributes) <= MAX_MEMORY_BYTES) return;
    throw new SqsError(
      'ServiceUnavailable',
      `The queues of this machine have ${MAX_MEMORY_BYTES / 1024 / 1024} MB of messages, which is their limit. Receive and delete some, or purge a queue.`,
      'com.amazonaws.sqs#ServiceUnavailable',
      503,
    );
  }

  #refuseFullFlight(): void {
    if (this.#inFlight < MAX_IN_FLIGHT || this.#settings.isFifo) return;
    throw new SqsError(
      'OverLimit',
      `Too many messages in flight: a queue may have at most ${MAX_IN_FLIGHT}. Delete messages that were processed.`,
    );
  }

  #byHandle(handle: string): QueuedMessage | undefined {
    const messageId = messageIdOf(handle);
    if (messageId === undefined) throw unknownHandle(handle);
    return this.#byId.get(messageId);
  }
}

/** Twenty digits that grow, like SQS's. */
const FIRST_SEQUENCE = 18_800_000_000_000_000_000n;
const SEQUENCE_STEP = 256n;
