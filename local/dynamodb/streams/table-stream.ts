/** The stream of one table: its changes of the last 24 hours, in shards. */
import type { StreamViewType } from '../../assembly/model';
import type { JsonObject } from '../../assembly/values/json';
import { MAX_STREAM_BYTES, STREAM_SHARDS } from '../assumptions';
import { attributesBytes } from '../attribute-value';
import type { ItemChange } from '../change';

/** "DynamoDB Streams writes … records for up to 24 hours": Developer Guide, "Change data capture for DynamoDB Streams". */
export const RETENTION_MILLIS = 24 * 60 * 60_000;

export interface StreamSettings {
  arn: string;
  label: string;
  tableName: string;
  viewType: StreamViewType;
  keySchema: JsonObject[];
  /** Milliseconds since the epoch. */
  createdAt: number;
}

interface KeptChange {
  sequence: bigint;
  change: ItemChange;
  bytes: number;
}

/** Changes of one partition key are always in the same shard. */
export interface Shard {
  id: string;
  changes: KeptChange[];
  /** The last change that was dropped. */
  trimmed: bigint;
}

export class TableStream {
  readonly settings: StreamSettings;
  readonly shards: Shard[];
  readonly first: bigint;
  /** The last number that it can have; undefined while the stream is on. */
  last: bigint | undefined;
  #bytes = 0;

  /** @param first the number of the first change that it can have */
  constructor(settings: StreamSettings, first: bigint) {
    this.settings = settings;
    this.first = first;
    this.shards = Array.from({ length: STREAM_SHARDS }, (_, index) => ({
      ...{ id: shardId(index), changes: [], trimmed: 0n },
    }));
  }

  append(change: ItemChange): void {
    const images = [change.keys, change.oldImage ?? {}, change.newImage ?? {}];
    const bytes = images.reduce((sum, image) => sum + attributesBytes(image), 0);
    const shard = this.shards[change.partitionHash % this.shards.length] as Shard;
    shard.changes.push({ sequence: BigInt(change.sequenceNumber), change, bytes });
    this.#bytes += bytes;
    this.#trim(change.at);
  }

  /** All that are kept, in the order in which they were made. */
  changes(now: number): ItemChange[] {
    this.#trim(now);
    const all = this.shards.flatMap(({ changes }) => changes);
    return all.sort((a, b) => (a.sequence < b.sequence ? -1 : 1)).map(({ change }) => change);
  }

  shard(id: string, now: number): Shard | undefined {
    this.#trim(now);
    return this.shards.find((one) => one.id === id);
  }

  /** Drops what is too old and, beyond the memory for it, the oldest. */
  #trim(now: number): void {
    for (const shard of this.shards) {
      let count = 0;
      while ((shard.changes[count]?.change.at ?? now) < now - RETENTION_MILLIS) count += 1;
      this.#drop(shard, count);
    }
    while (this.#bytes > MAX_STREAM_BYTES) {
      const oldest = this.shards
        .filter(({ changes }) => changes.length > 0)
        .sort((a, b) => ((a.changes[0]?.sequence ?? 0n) < (b.changes[0]?.sequence ?? 0n) ? -1 : 1))[0];
      if (!oldest) return;
      // Removes several together, because each removal moves the others.
      this.#drop(oldest, Math.ceil(oldest.changes.length / 16));
    }
  }

  #drop(shard: Shard, count: number): void {
    if (count === 0) return;
    for (const { bytes, sequence } of shard.changes.splice(0, count)) {
      this.#bytes -= bytes;
      shard.trimmed = sequence;
    }
  }
}

export function shardId(index: number): string {
  return `shardId-${String(index % STREAM_SHARDS).padStart(20, '0')}-00000000`;
}
