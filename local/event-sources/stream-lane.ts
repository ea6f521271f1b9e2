/**
 * Runs the function with the records of one shard: in batches, one invocation at a time. Each batch is retried until
 * it succeeds or its retries are exhausted.
 */
import { randomUUID } from 'node:crypto';
import type { StreamMapping } from '../assembly/model';
import type { Alarm, Clock } from '../clock';
import { TOO_MANY_REQUESTS } from '../lambda/failure';
import type { FunctionInvoker, InvocationOutcome } from '../lambda/invocation';
import type { Log } from '../log';
import { FIRST_STREAM_RETRY_MILLIS, LONGEST_STREAM_RETRY_MILLIS } from '../messaging/assumptions';
import { DeliveryError, type Destinations } from '../messaging/destinations';
import { failedItems } from './batch-response';
import { splitByBytes } from './batches';
import type { StreamRecord } from './stream-record';

/** A stream keeps its records for a day. */
const RETENTION_SECONDS = 24 * 60 * 60;

/** DynamoDB keeps a day of records, but this machine's memory is limited. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

export interface StreamLaneOptions {
  mapping: StreamMapping;
  functionArn: string;
  invoker: FunctionInvoker;
  destinations: Destinations;
  clock: Clock;
  log: Log;
}

/** Records that are being delivered, and how many invocations with them have failed. */
interface Batch {
  records: StreamRecord[];
  attempts: number;
}

type GivenUp = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

export class StreamLane {
  readonly #options: StreamLaneOptions;
  readonly #shardId: string;
  readonly #waiting: StreamRecord[] = [];
  #waitingBytes = 0;
  #isFull = false;
  #window: Alarm | undefined;
  #isBusy = false;
  #isRetired = false;
  #isStopped = false;

  constructor(options: StreamLaneOptions, shardId: string) {
    this.#options = options;
    this.#shardId = shardId;
  }

  take(record: StreamRecord): void {
    if (this.#isRetired || this.#isStopped) return;
    if (this.#waitingBytes + record.sizeBytes > MAX_WAITING_BYTES) {
      this.#refuse();
      return;
    }
    this.#waitingBytes += record.sizeBytes;
    this.#waiting.push(record);
    this.#plan();
  }

  retire(): void {
    this.#isRetired = true;
    this.#plan();
  }

  stop(): void {
    this.#isStopped = true;
    this.#window?.cancel();
    this.#waiting.length = 0;
  }

  /** Logs only the first loss until there is room again. */
  #refuse(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    const { mapping, log } = this.#options;
    log.warn(
      `${mapping.path}: changes of ${MAX_WAITING_BYTES / 1024 / 1024} MB already wait for ${mapping.functionName}; further changes are lost until some are processed`,
    );
  }

  /** A batch is sent when it is full, or when its window, which begins with its first record, is over. */
  #plan(): void {
    if (this.#isBusy || this.#isStopped || this.#waiting.length === 0) return;
    const { batchSize, batchWindowSeconds } = this.#options.mapping;
    if (this.#waiting.length >= batchSize || batchWindowSeconds === 0 || this.#isRetired) {
      this.#window?.cancel();
      this.#window = undefined;
      // Waits one turn of the event loop, so that changes written together are sent in one batch.
      this.#isBusy = true;
      setImmediate(() => void this.#run());
      return;
    }
    this.#window ??= this.#options.clock.after(batchWindowSeconds * 1000, () => {
      this.#window = undefined;
      this.#isBusy = true;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    const records = this.#waiting.splice(0, this.#options.mapping.batchSize);
    this.#waitingBytes -= records.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#isFull = false;
    const batches = splitByBytes(records, ({ event }) => JSON.stringify(event));
    await this.#process(batches.map((some) => ({ records: some, attempts: 0 })));
    this.#isBusy = false;
    this.#plan();
  }

  /** Sends one batch at a time. A postponed batch stays ahead of later ones. */
  async #process(batches: Batch[]): Promise<void> {
    for (let batch = batches.shift(); batch && !this.#isStopped; batch = batches.shift()) {
      const fresh = this.#withoutOld(batch);
      if (fresh.records.length === 0) continue;
      const outcome = await this.#invoke(fresh.records);
      const left = this.#leftOf(fresh.records, outcome);
      if (left.length === 0) continue;
      batches.unshift(...this.#next(fresh, left, outcome));
      if (batches.length > 0) await this.#pause(fresh.attempts);
    }
  }

  /** The batches to retry after a batch has failed completely or partly. */
  #next({ records, attempts }: Batch, left: StreamRecord[], outcome: InvocationOutcome): Batch[] {
    const { bisectsOnError, maximumRetryAttempts } = this.#options.mapping;
    if (outcome.kind === 'failure' && outcome.errorType === TOO_MANY_REQUESTS) return [{ records, attempts }];
    // Splitting does not count as an attempt.
    if (bisectsOnError && left.length === records.length && left.length > 1) {
      const middle = Math.ceil(left.length / 2);
      return [left.slice(0, middle), left.slice(middle)].map((half) => ({ records: half, attempts }));
    }
    const again = { records: left, attempts: attempts + 1 };
    if (maximumRetryAttempts < 0 || again.attempts <= maximumRetryAttempts) return [again];
    this.#giveUp(again, 'RetryAttemptsExhausted', outcome);
    return [];
  }

  /** The records to retry: all from the first failed record on, or none if all succeeded. */
  #leftOf(records: StreamRecord[], outcome: InvocationOutcome): StreamRecord[] {
    if (outcome.kind === 'failure') return records;
    if (!this.#options.mapping.reportsBatchItemFailures) return [];
    const failed = failedItems(
      outcome.payload,
      records.map(({ sequenceNumber }) => sequenceNumber),
    );
    if (failed === 'all') return records;
    const first = records.findIndex(({ sequenceNumber }) => failed.includes(sequenceNumber));
    return first < 0 ? [] : records.slice(first);
  }

  #withoutOld({ records, attempts }: Batch): Batch {
    const { clock, mapping } = this.#options;
    const { maximumRecordAgeSeconds } = mapping;
    const seconds = maximumRecordAgeSeconds < 0 ? RETENTION_SECONDS : maximumRecordAgeSeconds;
    const limit = clock.now() - seconds * 1000;
    const old = records.filter(({ at }) => at < limit);
    if (old.length > 0) this.#giveUp({ records: old, attempts }, 'RecordAgeExceeded', undefined);
    return { records: records.filter(({ at }) => at >= limit), attempts };
  }

  #invoke(records: StreamRecord[]): Promise<InvocationOutcome> {
    const { mapping, invoker } = this.#options;
    const payload = JSON.stringify({ Records: records.map(({ event }) => event) });
    return invoker.invoke(mapping.functionName, payload, `${records.length} of ${mapping.tableName}`);
  }

  async #pause(attempts: number): Promise<void> {
    const millis = Math.min(FIRST_STREAM_RETRY_MILLIS * 2 ** attempts, LONGEST_STREAM_RETRY_MILLIS);
    await new Promise<void>((resolve) => {
      this.#options.clock.after(millis, resolve);
    });
  }

  #giveUp({ records, attempts }: Batch, condition: GivenUp, outcome: InvocationOutcome | undefined): void {
    const { mapping, destinations, log } = this.#options;
    const { onFailureArn, path } = mapping;
    const what = `${path}: gave up on ${records.length} records (${condition})`;
    if (onFailureArn === undefined) {
      log.warn(what);
      return;
    }
    try {
      destinations.deliver(onFailureArn, { body: this.#batchInfo(records, attempts, condition, outcome) });
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      log.warn(`${what}, and could not notify their destination: ${error.message}`);
    }
  }

  /** @see https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html#services-dynamodb-errors */
  #batchInfo(
    records: StreamRecord[],
    attempts: number,
    condition: GivenUp,
    outcome: InvocationOutcome | undefined,
  ): string {
    const { mapping, functionArn, clock } = this.#options;
    const [first, last] = [records[0], records.at(-1)];
    const time = (at = 0) => new Date(at).toISOString();
    return JSON.stringify({
      requestContext: {
        requestId: outcome?.requestId ?? randomUUID(),
        functionArn,
        condition,
        approximateInvokeCount: attempts,
      },
      ...(outcome && {
        responseContext: {
          statusCode: 200,
          executedVersion: '$LATEST',
          functionError: outcome.kind === 'failure' ? 'Unhandled' : null,
        },
      }),
      version: '1.0',
      timestamp: time(clock.now()),
      DDBStreamBatchInfo: {
        shardId: this.#shardId,
        startSequenceNumber: first?.sequenceNumber,
        endSequenceNumber: last?.sequenceNumber,
        approximateArrivalOfFirstRecord: time(first?.at),
        approximateArrivalOfLastRecord: time(last?.at),
        batchSize: records.length,
        streamArn: mapping.sourceArn,
      },
    });
  }
}
