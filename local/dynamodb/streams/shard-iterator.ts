/** Shard iterators: a place in a shard, which is valid for 15 minutes. */
import { serviceError, validationError } from '../dynamodb-error';

/** "A shard iterator expires 15 minutes after it is returned": API Reference, "GetShardIterator". */
const VALID_MILLIS = 15 * 60_000;

export interface ShardPlace {
  streamArn: string;
  shardId: string;
  /** The smallest sequence number to return. */
  from: bigint;
}

/** Opaque to clients, except that it begins with the stream's ARN. */
export function iteratorOf({ streamArn, shardId, from }: ShardPlace, now: number): string {
  const place = Buffer.from(JSON.stringify([shardId, String(from), now])).toString('base64');
  return `${streamArn}|1|${place}`;
}

/** @throws {DynamoDbError} if it is not an iterator, or an old one */
export function placeOf(iterator: string, now: number): ShardPlace {
  const [streamArn = '', version, place = '', ...more] = iterator.split('|');
  const read = version === '1' && more.length === 0 ? readPlace(place) : undefined;
  if (!read) throw validationError('Invalid ShardIterator');
  const [shardId, from, at] = read;
  if (at < now - VALID_MILLIS) {
    throw serviceError(
      'ExpiredIteratorException',
      'The provided iterator exceeds the maximum age allowed. Get a new one with GetShardIterator.',
    );
  }
  return { streamArn, shardId, from };
}

function readPlace(text: string): [string, bigint, number] | undefined {
  try {
    const read: unknown = JSON.parse(Buffer.from(text, 'base64').toString());
    if (!Array.isArray(read)) return undefined;
    const [shardId, from, at] = read;
    if (typeof shardId !== 'string' || typeof at !== 'number' || !/^\d{1,40}$/.test(String(from))) {
      return undefined;
    }
    return [shardId, BigInt(String(from)), at];
  } catch {
    return undefined;
  }
}
