/** One event source mapping of a DynamoDB stream: changes run the function in the order of their shard. */
import { createHash } from 'node:crypto';
import type { StreamMapping, StreamViewType } from '../assembly/model';
import type { Clock } from '../clock';
import type { ItemChange } from '../dynamodb/change';
import type { FunctionInvoker } from '../lambda/invocation';
import type { Log } from '../log';
import { STREAM_SHARDS } from '../messaging/assumptions';
import type { Destinations } from '../messaging/destinations';
import { RecordFilter } from './record-filter';
import { StreamLane } from './stream-lane';
import { streamRecord } from './stream-record';

export interface StreamPollerOptions {
  mapping: StreamMapping;
  viewType: StreamViewType;
  /** Of the table. */
  partitionKey: string;
  functionArn: string;
  region: string;
  invoker: FunctionInvoker;
  destinations: Destinations;
  clock: Clock;
  log: Log;
}

/** 21 digits that grow, like DynamoDB's. */
const FIRST_SEQUENCE_NUMBER = 100_000_000_000_000_000_000n;

export class StreamPoller {
  readonly #options: StreamPollerOptions;
  readonly #filter: RecordFilter;
  readonly #lanes: StreamLane[];
  #lastSequence = FIRST_SEQUENCE_NUMBER;

  constructor(options: StreamPollerOptions) {
    this.#options = options;
    this.#filter = new RecordFilter(options.mapping.filters);
    const count = STREAM_SHARDS * options.mapping.parallelizationFactor;
    this.#lanes = Array.from({ length: count }, (_, index) => new StreamLane(options, shardId(index)));
  }

  get tableName(): string {
    return this.#options.mapping.tableName;
  }

  /** Changes of one item are always in the same shard. */
  take(change: ItemChange): void {
    const { mapping, viewType, region, partitionKey } = this.#options;
    this.#lastSequence += 1n;
    const stream = { arn: mapping.sourceArn, region, viewType };
    const record = streamRecord(change, String(this.#lastSequence), stream);
    if (!this.#filter.wants(record.event)) return;
    const hash = createHash('md5').update(JSON.stringify(change.keys[partitionKey])).digest();
    this.#lanes[hash.readUInt32BE() % this.#lanes.length]?.take(record);
  }

  start(): void {}

  /** Takes no more records, and processes those that it has. */
  retire(): void {
    for (const lane of this.#lanes) lane.retire();
  }

  /** Drops waiting records. */
  stop(): void {
    for (const lane of this.#lanes) lane.stop();
  }
}

function shardId(index: number): string {
  return `shardId-${String(index).padStart(20, '0')}-00000000`;
}
