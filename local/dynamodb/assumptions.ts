/**
 * Behavior of DynamoDB and DynamoDB Streams that no public source documents. Each constant is one assumption. If you
 * measure the real behavior, change it here.
 *
 * Assumptions in code, and where they are:
 * - An item's share of a page's 1 MB was measured from where pages end (`pageBytes`).
 * - Errors of GetShardIterator and GetRecords have DynamoDB's codes, but their messages are ours (`stream-operations`,
 *   `shard-iterator`).
 * - A new index can be read and a deleted one is gone after the same moment in which a table changes, whatever its size. A
 *   deleted index answers as if it were gone (`Table.index`).
 * - How often a table may become on-demand in a day is not limited (`updateTable`).
 * - A stream's shards never split or end before the stream does, so there are no child shards (`TableStream`).
 * - In 2026, DynamoDB words the refusal of invalid requests differently by region, operation and month: with "1 validation
 *   error detected: " in front, or without the value. The words here are those that all regions had before.
 * - A stream's records are kept in memory, and are gone when the runtime restarts (`TableStreams`).
 */

/**
 * Shards of a table's stream: as many as a new on-demand table has partitions. Items with the same partition key stay
 * in order; batches of different shards may overtake each other.
 */
export const STREAM_SHARDS = 4;

/**
 * "For every table and global secondary index … the first 4 decreases … any time in the day … an additional decrease … if
 * there was no decrease in the past hour": Developer Guide, "Service, account, and table quotas", of earlier years. The error's words are
 * from reports of it.
 */
export const FREE_DECREASES_PER_DAY = 4;
export const SECONDS_BETWEEN_DECREASES = 3600;

/** How long after a change of a table's time to live another one is refused: "up to one hour", says the API Reference. */
export const TTL_CHANGE_MILLIS = 60 * 60_000;

/** DynamoDB keeps 24 hours of records, whatever their size, but this machine's memory is limited. */
export const MAX_STREAM_BYTES = 64 * 1024 * 1024;
