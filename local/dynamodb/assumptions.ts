/**
 * Behavior of DynamoDB and DynamoDB Streams that no public source documents. Each constant is one assumption. If you
 * measure the real behavior, change it here.
 *
 * Assumptions in code, and where they are:
 * - An item's share of a page's 1 MB was measured from where pages end (`pageBytes`).
 * - Errors of GetShardIterator and GetRecords have DynamoDB's codes, but their messages are ours (`stream-operations`,
 *   `shard-iterator`).
 * - A stream's shards never split or end before the stream does, so there are no child shards (`TableStream`).
 * - A stream's records are kept in memory, and are gone when the runtime restarts (`TableStreams`).
 */

/**
 * Shards of a table's stream: as many as a new on-demand table has partitions. Items with the same partition key stay
 * in order; batches of different shards may overtake each other.
 */
export const STREAM_SHARDS = 4;

/** DynamoDB keeps 24 hours of records, whatever their size, but this machine's memory is limited. */
export const MAX_STREAM_BYTES = 64 * 1024 * 1024;
