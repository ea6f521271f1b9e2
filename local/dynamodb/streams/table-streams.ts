/** The streams of all tables, by their ARNs. A stream that is turned off stays readable until its records are too old. */
import { createHash } from 'node:crypto';
import type { StreamViewType } from '../../assembly/model';
import type { JsonObject } from '../../assembly/values/json';
import type { Clock } from '../../clock';
import type { ItemChange } from '../change';
import { RETENTION_MILLIS, TableStream } from './table-stream';

/** 21 digits that grow, like DynamoDB's. */
const FIRST_SEQUENCE = 100_000_000_000_000_000_000n;

export class TableStreams {
  readonly #clock: Clock;
  readonly #streams = new Map<string, TableStream>();
  /** When streams were turned off, and with which number they end. */
  readonly #ended = new Map<TableStream, number>();
  #sequence = FIRST_SEQUENCE;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of the last change of any table. */
  get lastSequence(): bigint {
    return this.#sequence;
  }

  get now(): number {
    return this.#clock.now();
  }

  /** In the order of their ARNs. */
  get all(): TableStream[] {
    this.#forgetOld();
    return [...this.#streams.values()].sort((a, b) => (a.settings.arn < b.settings.arn ? -1 : 1));
  }

  find(arn: string): TableStream | undefined {
    this.#forgetOld();
    return this.#streams.get(arn);
  }

  /** Begins or ends a table's stream, as its description says. */
  follow(description: JsonObject): void {
    const tableName = String(description.TableName);
    const { StreamEnabled, StreamViewType } = (description.StreamSpecification ?? {}) as JsonObject;
    const arn = String(description.LatestStreamArn);
    const current = this.#currentOf(tableName);
    if (StreamEnabled === true && current?.settings.arn === arn) return;
    if (current) this.#end(current);
    if (StreamEnabled !== true) return;
    const settings = {
      ...{ arn, label: String(description.LatestStreamLabel), tableName },
      viewType: StreamViewType as StreamViewType,
      keySchema: description.KeySchema as JsonObject[],
      createdAt: this.now,
    };
    this.#streams.set(arn, new TableStream(settings, this.#sequence + 1n));
  }

  /** The table is deleted. */
  end(tableName: string): void {
    const current = this.#currentOf(tableName);
    if (current) this.#end(current);
  }

  /** Adds a change to the table's stream, with its place there. Undefined if the table has no stream. */
  append(
    change: Omit<ItemChange, 'sequenceNumber' | 'partitionHash'>,
    partitionKey: string,
  ): ItemChange | undefined {
    const stream = this.#currentOf(change.tableName);
    if (!stream) return undefined;
    this.#sequence += 1n;
    const hash = createHash('md5').update(JSON.stringify(change.keys[partitionKey])).digest();
    const placed = {
      ...change,
      ...{ sequenceNumber: String(this.#sequence), partitionHash: hash.readUInt32BE() },
    };
    stream.append(placed);
    return placed;
  }

  /** The changes that the stream of a table still has. */
  changesOf(tableName: string): ItemChange[] {
    return this.#currentOf(tableName)?.changes(this.now) ?? [];
  }

  #currentOf(tableName: string): TableStream | undefined {
    for (const stream of this.#streams.values()) {
      if (stream.last === undefined && stream.settings.tableName === tableName) return stream;
    }
    return undefined;
  }

  #end(stream: TableStream): void {
    stream.last = this.#sequence;
    this.#ended.set(stream, this.now);
  }

  #forgetOld(): void {
    for (const [stream, at] of this.#ended) {
      if (at >= this.now - RETENTION_MILLIS) continue;
      this.#ended.delete(stream);
      this.#streams.delete(stream.settings.arn);
    }
  }
}
