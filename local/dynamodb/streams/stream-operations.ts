/** The API of DynamoDB Streams: `ListStreams`, `DescribeStream`, `GetShardIterator` and `GetRecords`. */
import { isObject, type Json, type JsonObject } from '../../assembly/values/json';
import type { Database } from '../database';
import { serializationError, serviceError, unknownOperation, validationError } from '../dynamodb-error';
import type { Operation } from '../operations/operation';
import { nameRules } from '../requests/common-fields';
import {
  atLeast,
  atMost,
  checkConstraints,
  maxLength,
  minLength,
  notNull,
  oneOf,
} from '../requests/constraints';
import { integer, readFields, text } from '../requests/shape';
import { iteratorOf, placeOf, type ShardPlace } from './shard-iterator';
import { streamRecord } from './stream-record';
import type { Shard, TableStream } from './table-stream';

const MAX_LISTED = 100;
const MAX_RECORDS = 1_000;
/** "GetRecords can retrieve a maximum of 1 MB of data or 1000 stream records": API Reference. */
const MAX_BYTES = 1024 * 1024;

const arnRules = [minLength(37), maxLength(1024)];
const shardIdRules = [minLength(28), maxLength(65)];

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [
    'ListStreams',
    {
      fields: {
        TableName: text(...nameRules),
        Limit: integer(atLeast(1), atMost(MAX_LISTED)),
        ExclusiveStartStreamArn: text(...arnRules),
      },
      run: listStreams,
    },
  ],
  [
    'DescribeStream',
    {
      fields: {
        StreamArn: text(notNull, ...arnRules),
        Limit: integer(atLeast(1), atMost(MAX_LISTED)),
        ExclusiveStartShardId: text(...shardIdRules),
      },
      run: describeStream,
    },
  ],
  [
    'GetShardIterator',
    {
      fields: {
        StreamArn: text(notNull, ...arnRules),
        ShardId: text(notNull, ...shardIdRules),
        ShardIteratorType: text(
          notNull,
          oneOf('AFTER_SEQUENCE_NUMBER', 'LATEST', 'AT_SEQUENCE_NUMBER', 'TRIM_HORIZON'),
        ),
        SequenceNumber: text(minLength(21), maxLength(40)),
      },
      run: getShardIterator,
    },
  ],
  [
    'GetRecords',
    {
      fields: {
        ShardIterator: text(notNull, minLength(1), maxLength(2048)),
        Limit: integer(atLeast(1), atMost(MAX_RECORDS)),
      },
      run: getRecords,
    },
  ],
]);

export function isStreamOperation(name: string): boolean {
  return OPERATIONS.has(name);
}

/** The operation's response. @throws {DynamoDbError} */
export function executeOnStreams(database: Database, name: string, body: Json): JsonObject {
  const operation = OPERATIONS.get(name);
  if (!operation) throw unknownOperation();
  if (!isObject(body)) throw serializationError();
  const input = readFields(body, operation.fields);
  checkConstraints(input, operation.fields);
  return operation.run(database, input);
}

function listStreams({ streams }: Database, input: JsonObject): JsonObject {
  const { TableName, ExclusiveStartStreamArn: start, Limit = MAX_LISTED } = input;
  const wanted = streams.all.filter(
    ({ settings }) =>
      (TableName === undefined || settings.tableName === TableName) &&
      (start === undefined || settings.arn > String(start)),
  );
  const listed = wanted.slice(0, Number(Limit));
  const last = listed.length < wanted.length ? listed.at(-1) : undefined;
  return {
    Streams: listed.map(({ settings: { arn, tableName, label } }) => ({
      ...{ StreamArn: arn, TableName: tableName, StreamLabel: label },
    })),
    ...(last && { LastEvaluatedStreamArn: last.settings.arn }),
  };
}

function describeStream(database: Database, input: JsonObject): JsonObject {
  const stream = streamOf(database, input.StreamArn);
  const { arn, label, viewType, createdAt, tableName, keySchema } = stream.settings;
  const start = input.ExclusiveStartShardId;
  const left = stream.shards.filter(({ id }) => start === undefined || id > String(start));
  const shards = left.slice(0, Number(input.Limit ?? MAX_LISTED));
  const last = shards.length < left.length ? shards.at(-1) : undefined;
  return {
    StreamDescription: {
      ...{ StreamArn: arn, StreamLabel: label, StreamViewType: viewType, TableName: tableName },
      ...{ CreationRequestDateTime: createdAt / 1000, KeySchema: keySchema },
      StreamStatus: stream.last === undefined ? 'ENABLED' : 'DISABLED',
      Shards: shards.map(({ id }) => ({
        ShardId: id,
        SequenceNumberRange: {
          StartingSequenceNumber: String(stream.first),
          ...(stream.last !== undefined && { EndingSequenceNumber: String(stream.last) }),
        },
      })),
      ...(last && { LastEvaluatedShardId: last.id }),
    },
  };
}

function getShardIterator(database: Database, input: JsonObject): JsonObject {
  const stream = streamOf(database, input.StreamArn);
  const { id, trimmed } = shardOf(database, stream, String(input.ShardId));
  const from = firstOf(database, input, trimmed);
  return {
    ShardIterator: iteratorOf({ streamArn: stream.settings.arn, shardId: id, from }, database.now),
  };
}

/** The smallest sequence number that the iterator returns. */
function firstOf({ streams }: Database, input: JsonObject, trimmed: bigint): bigint {
  const { ShardIteratorType: type, SequenceNumber: number } = input;
  const needsNumber = type === 'AT_SEQUENCE_NUMBER' || type === 'AFTER_SEQUENCE_NUMBER';
  if (!needsNumber) {
    if (number !== undefined) {
      throw validationError(`SequenceNumber must not be specified when ShardIteratorType is ${type}`);
    }
    return type === 'LATEST' ? streams.lastSequence + 1n : 0n;
  }
  if (number === undefined) {
    throw validationError(`SequenceNumber must be specified when ShardIteratorType is ${type}`);
  }
  if (!/^\d+$/.test(String(number))) throw validationError(`Invalid SequenceNumber: ${number}`);
  const from = BigInt(String(number)) + (type === 'AFTER_SEQUENCE_NUMBER' ? 1n : 0n);
  if (from <= trimmed) throw trimmedAccess();
  return from;
}

function getRecords(database: Database, input: JsonObject): JsonObject {
  const place = placeOf(String(input.ShardIterator), database.now);
  const stream = streamOf(database, place.streamArn);
  const { changes, trimmed } = shardOf(database, stream, place.shardId);
  if (place.from !== 0n && place.from <= trimmed) throw trimmedAccess();
  const records: JsonObject[] = [];
  let [bytes, next] = [0, place.from];
  const limit = Number(input.Limit ?? MAX_RECORDS);
  let isCut = false;
  for (const { sequence, change, bytes: size } of changes) {
    if (sequence < place.from) continue;
    isCut = records.length >= limit || (records.length > 0 && bytes + size > MAX_BYTES);
    if (isCut) break;
    const { arn, viewType } = stream.settings;
    records.push(streamRecord(change, { arn, region: database.options.region, viewType }));
    bytes += size;
    next = sequence + 1n;
  }
  // A shard that has ended has no more after its last record.
  const isOver = stream.last !== undefined && !isCut;
  return { Records: records, ...(!isOver && { NextShardIterator: nextIterator(place, next, database.now) }) };
}

function nextIterator(place: ShardPlace, from: bigint, now: number): string {
  return iteratorOf({ ...place, from }, now);
}

function streamOf({ streams }: Database, arn: Json | undefined): TableStream {
  const stream = streams.find(String(arn));
  if (stream) return stream;
  throw serviceError('ResourceNotFoundException', `Requested resource not found: Stream: ${arn} not found`);
}

function shardOf({ now }: Database, stream: TableStream, id: string): Shard {
  const shard = stream.shard(id, now);
  if (shard) return shard;
  throw serviceError(
    'ResourceNotFoundException',
    `Requested resource not found: Shard does not exist in stream ${stream.settings.arn}: ${id}`,
  );
}

function trimmedAccess(): Error {
  return serviceError(
    'TrimmedDataAccessException',
    'The operation attempted to read past the oldest stream record in a shard.',
  );
}
