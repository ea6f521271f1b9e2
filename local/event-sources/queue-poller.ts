/**
 * One event source mapping of a queue: takes messages, runs the function with them, and deletes those that succeeded.
 */

import type { QueueMapping } from '../assembly/model';
import type { JsonObject } from '../assembly/values/json';
import type { Clock } from '../clock';
import { TOO_MANY_REQUESTS } from '../lambda/failure';
import type { FunctionInvoker, InvocationOutcome } from '../lambda/invocation';
import type { Log } from '../log';
import { INITIAL_QUEUE_CONCURRENCY } from '../messaging/assumptions';
import type { ReceivedMessage } from '../sqs/message';
import type { Queue } from '../sqs/queue';
import { failedItems } from './batch-response';
import { splitByBytes } from './batches';
import { filteredRecord, queueRecord } from './queue-event';
import { RecordFilter } from './record-filter';

const MESSAGES_OF_A_RECEIPT = 10;
const FIRST_THROTTLE_DELAY_MILLIS = 1_000;

export interface QueuePollerOptions {
  mapping: QueueMapping;
  queue: Queue;
  region: string;
  invoker: FunctionInvoker;
  clock: Clock;
  log: Log;
}

interface Entry {
  message: ReceivedMessage;
  record: JsonObject;
}

export class QueuePoller {
  readonly #options: QueuePollerOptions;
  readonly #filter: RecordFilter;
  readonly #stopped = new AbortController();

  constructor(options: QueuePollerOptions) {
    this.#options = options;
    this.#filter = new RecordFilter(options.mapping.filters);
  }

  start(): void {
    const { maximumConcurrency = INITIAL_QUEUE_CONCURRENCY } = this.#options.mapping;
    for (let index = 0; index < maximumConcurrency; index += 1) void this.#poll();
  }

  /** Takes no more messages. Running invocations finish. */
  stop(): void {
    this.#stopped.abort();
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const messages = await this.#gather();
      // The wait also ends when the queue is closed.
      if (messages.length === 0) return;
      const entries = this.#wanted(messages);
      for (const batch of splitByBytes(entries, ({ record }) => JSON.stringify(record))) {
        await this.#process(batch);
      }
    }
  }

  /** Waits for the first message, and adds those that arrive within the batch window. */
  async #gather(): Promise<ReceivedMessage[]> {
    const { mapping, queue, clock } = this.#options;
    const { batchSize, batchWindowSeconds } = mapping;
    const receive = (left: number, waitSeconds: number) =>
      queue.receive({
        maxMessages: Math.min(left, MESSAGES_OF_A_RECEIPT),
        ...{ waitSeconds, signal: this.#stopped.signal },
      });
    const messages = await receive(batchSize, Number.POSITIVE_INFINITY);
    const end = clock.now() + batchWindowSeconds * 1000;
    while (messages.length > 0 && messages.length < batchSize && clock.now() < end) {
      const more = await receive(batchSize - messages.length, (end - clock.now()) / 1000);
      if (more.length === 0) break;
      messages.push(...more);
    }
    return messages;
  }

  /** Messages that the filters exclude are deleted. */
  #wanted(messages: ReceivedMessage[]): Entry[] {
    const { mapping, region } = this.#options;
    return messages.flatMap((message) => {
      const record = queueRecord(message, { arn: mapping.sourceArn, region });
      if (this.#filter.wants(filteredRecord(record))) return [{ message, record }];
      this.#delete(message);
      return [];
    });
  }

  /** Failed messages return after their visibility timeout. */
  async #process(batch: Entry[]): Promise<void> {
    const { mapping, log } = this.#options;
    const outcome = await this.#invoke(batch);
    if (outcome.kind === 'failure') return;
    const identifiers = batch.map(({ message }) => message.messageId);
    const failed = mapping.reportsBatchItemFailures ? failedItems(outcome.payload, identifiers) : [];
    if (failed === 'all') {
      log.warn(
        `${mapping.functionName}: its batchItemFailures contain unknown message ids, so the whole batch counts as failed`,
      );
      return;
    }
    for (const { message } of batch) if (!failed.includes(message.messageId)) this.#delete(message);
  }

  /** Retries a throttled invocation while the messages are invisible. */
  async #invoke(batch: Entry[]): Promise<InvocationOutcome> {
    const { mapping, invoker, clock } = this.#options;
    const payload = JSON.stringify({ Records: batch.map(({ record }) => record) });
    const end = Math.min(...batch.map(({ message }) => message.visibleAt));
    for (let delay = FIRST_THROTTLE_DELAY_MILLIS; ; delay *= 2) {
      const outcome = await invoker.invoke(
        mapping.functionName,
        payload,
        `${batch.length} of ${this.#queueName}`,
      );
      const isThrottled = outcome.kind === 'failure' && outcome.errorType === TOO_MANY_REQUESTS;
      if (!isThrottled || clock.now() + delay >= end || this.#stopped.signal.aborted) return outcome;
      await new Promise<void>((resolve) => {
        clock.after(delay, resolve);
      });
    }
  }

  get #queueName(): string {
    return this.#options.queue.settings.queueName;
  }

  /** A FIFO queue refuses to delete a message whose visibility timeout has expired, and delivers it again. */
  #delete({ receiptHandle, body }: ReceivedMessage): void {
    const { queue, mapping, log } = this.#options;
    try {
      queue.delete(receiptHandle);
    } catch (error) {
      log.warn(
        `${mapping.path}: a message (${body.slice(0, 40)}) will be delivered again: ${(error as Error).message}`,
      );
    }
  }
}
