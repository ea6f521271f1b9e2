/** One event source mapping of a DynamoDB stream: runs the function with changes, in order within each shard. */
import type { StreamMapping, StreamViewType } from '../assembly/model';
import type { Clock } from '../clock';
import { STREAM_SHARDS } from '../dynamodb/assumptions';
import type { ItemChange } from '../dynamodb/change';
import { shardId } from '../dynamodb/streams/table-stream';
import type { FunctionInvoker } from '../lambda/invocation';
import type { Log } from '../log';
import type { Destinations } from '../messaging/destinations';
import { RecordFilter } from './record-filter';
import { StreamLane } from './stream-lane';
import { functionRecord } from './stream-record';

export interface StreamPollerOptions {
  mapping: StreamMapping;
  viewType: StreamViewType;
  functionArn: string;
  region: string;
  invoker: FunctionInvoker;
  destinations: Destinations;
  clock: Clock;
  log: Log;
}

export class StreamPoller {
  readonly #options: StreamPollerOptions;
  readonly #filter: RecordFilter;
  readonly #lanes: StreamLane[];

  constructor(options: StreamPollerOptions) {
    this.#options = options;
    this.#filter = new RecordFilter(options.mapping.filters);
    const count = STREAM_SHARDS * options.mapping.parallelizationFactor;
    this.#lanes = Array.from({ length: count }, (_, index) => new StreamLane(options, shardId(index)));
  }

  /** Identifies the mapping, even if its settings change. */
  get identity(): string {
    const { mappingId, sourceArn, functionName } = this.#options.mapping;
    return `${mappingId} ${sourceArn} ${functionName}`;
  }

  get startingPosition(): StreamMapping['startingPosition'] {
    return this.#options.mapping.startingPosition;
  }

  get tableName(): string {
    return this.#options.mapping.tableName;
  }

  /** Changes of one item are always in the same shard. */
  take(change: ItemChange): void {
    const { mapping, viewType, region } = this.#options;
    const record = functionRecord(change, { arn: mapping.sourceArn, region, viewType });
    if (!this.#filter.wants(record.event)) return;
    this.#lanes[change.partitionHash % this.#lanes.length]?.take(record);
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
