/** One SQS queue: sends, receives with long polling, deletes, and moves messages to the dead-letter queue. */
import { randomUUID } from 'node:crypto';
import type { Queue as QueueSettings } from '../assembly/model';
import type { Clock } from '../clock';
import { Deduplication, deduplicationKey } from './deduplication';
import { messageBytes, type NewMessage, type QueuedMessage, type ReceivedMessage } from './message';
import { checkMessage } from './message-rules';
import { QueueMessages } from './queue-messages';
import { messageIdOf, newHandle } from './receipt-handle';
import { SequenceNumbers } from './sequence-numbers';
import { invalidParameter, SqsError, unknownHandle } from './sqs-error';
import { type ReceiveOptions, WaitingReceivers } from './waiting-receivers';

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const MAX_IN_FLIGHT = 120_000;
export const MAX_VISIBILITY_SECONDS = 43_200;
const PURGE_PAUSE_MILLIS = 60_000;
/** For all queues together. SQS has no such limit, but the memory of this machine is limited. */
export const MAX_MEMORY_BYTES = 512 * 1024 * 1024;

export interface SentMessage {
  messageId: string;
  sequenceNumber?: string;
}

export interface QueueSurroundings {
  clock: Clock;
  /** The queue with that ARN, if the runtime has it. */
  find(arn: string): Queue | undefined;
  /** The memory that the messages of all queues use. */
  memory: { bytes: number };
}

export class Queue {
  #settings: QueueSettings;
  readonly #clock: Clock;
  readonly #surroundings: QueueSurroundings;
  readonly #messages: QueueMessages;
  readonly #sent: Deduplication<SentMessage>;
  readonly #receivers: WaitingReceivers;
  readonly #sequence = new SequenceNumbers();
  #purgedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: QueueSettings, surroundings: QueueSurroundings) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    const { clock, memory } = surroundings;
    this.#clock = clock;
    this.#messages = new QueueMessages({ isFifo: settings.isFifo, clock, memory });
    this.#receivers = new WaitingReceivers(
      { take: (options) => this.#take(options), nextVisibleAt: () => this.#messages.nextVisibleAt },
      clock,
    );
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
    const key = deduplicationKey(message, this.#settings);
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

  /** Adds a dead letter of another queue. */
  takeOver(message: QueuedMessage, sourceArn: string): void {
    const now = this.#clock.now();
    this.#keep({
      ...message,
      ...{ visibleAt: now, receivedHere: 0, isInFlight: false, deadLetterSourceArn: sourceArn },
      // A dead letter keeps its age, except in FIFO queues ("Dead-letter queue retention" in SQS's guide).
      sentAt: this.#settings.isFifo ? now : message.sentAt,
    });
  }

  /** Resolves to the available messages, or to the first ones that arrive while the receiver waits. */
  receive(options: ReceiveOptions): Promise<ReceivedMessage[]> {
    const received = this.#take(options);
    const { waitSeconds = 0, signal } = options;
    if (received.length > 0 || waitSeconds === 0 || signal?.aborted) {
      if (received.length === 0 && waitSeconds === 0) this.#refuseFullFlight();
      return Promise.resolve(received);
    }
    return this.#receivers.wait(options);
  }

  /**
   * Deletes the message only if the receipt handle is the latest one. As AWS documents, older handles have no effect.
   * @throws {SqsError} if it was never a handle of this queue
   */
  delete(handle: string): void {
    const message = this.#byHandle(handle);
    if (!message || message.receiptHandle !== handle) return;
    this.#messages.showDue();
    if (this.#settings.isFifo && !message.isInFlight) {
      throw invalidParameter(
        `Value ${handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
      );
    }
    this.#messages.remove(message);
    this.#receivers.serve();
  }

  /** @throws {SqsError} if the message is not in flight, or would be in flight for more than 12 hours */
  changeVisibility(handle: string, seconds: number): void {
    const message = this.#byHandle(handle);
    this.#messages.showDue();
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
    this.#messages.hide(message);
    this.#receivers.serve();
  }

  /** @throws {SqsError} within a minute of another purge */
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
    for (const message of this.#messages.all()) this.#messages.remove(message);
  }

  counts(): { visible: number; inFlight: number; delayed: number } {
    this.#messages.showDue();
    for (const message of this.#messages.all()) if (this.#isExpired(message)) this.#messages.remove(message);
    return this.#messages.counts();
  }

  /** Ends all waiting receives, and drops all messages. */
  close(): void {
    this.#receivers.close();
    for (const message of this.#messages.all()) this.#messages.remove(message);
  }

  #keep(message: QueuedMessage): SentMessage {
    if (this.#settings.isFifo) message.sequence = this.#sequence.next();
    this.#messages.add(message);
    this.#receivers.serve();
    const { messageId, sequence } = message;
    return { messageId, ...(sequence === undefined ? {} : { sequenceNumber: String(sequence) }) };
  }

  #take({
    maxMessages,
    visibilitySeconds = this.#settings.visibilityTimeoutSeconds,
  }: ReceiveOptions): ReceivedMessage[] {
    this.#messages.showDue();
    const taken: QueuedMessage[] = [];
    while (taken.length < maxMessages && this.#messages.inFlight + taken.length < MAX_IN_FLIGHT) {
      const message = this.#messages.next();
      if (!message) break;
      if (this.#isExpired(message)) this.#messages.remove(message);
      else if (!this.#moveToDeadLetters(message)) taken.push(message);
    }
    return taken.map((message) => this.#deliver(message, visibilitySeconds));
  }

  #deliver(message: QueuedMessage, visibilitySeconds: number): ReceivedMessage {
    const now = this.#clock.now();
    const receiptHandle = newHandle(message.messageId);
    const firstReceivedAt = message.firstReceivedAt ?? now;
    Object.assign(message, { receiptHandle, firstReceivedAt });
    message.receiveCount += 1;
    message.receivedHere += 1;
    message.visibleAt = now + visibilitySeconds * 1000;
    this.#messages.putInFlight(message);
    return { ...message, receiptHandle, firstReceivedAt };
  }

  /** Returns `false` if the message may be received once more. */
  #moveToDeadLetters(message: QueuedMessage): boolean {
    const { redrive, queueArn } = this.#settings;
    if (!redrive || message.receivedHere < redrive.maxReceiveCount) return false;
    const deadLetters = this.#surroundings.find(redrive.deadLetterArn);
    if (!deadLetters) return false;
    this.#messages.remove(message);
    deadLetters.takeOver(message, queueArn);
    return true;
  }

  #isExpired({ sentAt }: QueuedMessage): boolean {
    return this.#clock.now() - sentAt >= this.#settings.retentionSeconds * 1000;
  }

  #refuseFullMemory({ body, attributes = {} }: NewMessage): void {
    if (this.#surroundings.memory.bytes + messageBytes(body, attributes) <= MAX_MEMORY_BYTES) return;
    throw new SqsError(
      'ServiceUnavailable',
      `The local queues hold ${MAX_MEMORY_BYTES / 1024 / 1024} MB of messages, which is their limit. Receive and delete messages, or purge a queue.`,
      'com.amazonaws.sqs#ServiceUnavailable',
      503,
    );
  }

  #refuseFullFlight(): void {
    if (this.#messages.inFlight < MAX_IN_FLIGHT || this.#settings.isFifo) return;
    throw new SqsError(
      'OverLimit',
      `Too many messages in flight: a queue may have at most ${MAX_IN_FLIGHT}. Delete messages once they are processed.`,
    );
  }

  #byHandle(handle: string): QueuedMessage | undefined {
    const messageId = messageIdOf(handle);
    if (messageId === undefined) throw unknownHandle(handle);
    return this.#messages.get(messageId);
  }
}
