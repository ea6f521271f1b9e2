/**
 * What no public source tells of SQS, SNS, EventBridge and Lambda's event sources. Each constant is one assumption: whoever
 * measures the real behaviour changes it here.
 *
 * Assumptions that are a way of doing things, and where they are done:
 * - `ApproximateReceiveCount` of a dead letter goes on from the queue that it comes from; its own `maxReceiveCount` counts anew
 *   (`Queue`).
 * - PutEvents takes an event for a bus that is not there, and nothing becomes of it (`EventsService`).
 * - A rule's first rate is an interval after the start, which stands for the rule's creation (`Schedules`); so is a schedule's
 *   without a start date.
 * - A mapping of a stream begins with the changes that come after the start, whichever starting position it has: the stream of
 *   a new table is empty (`EventSources`).
 * - Conditions of a queue's or topic's policy on anything but the source, its account and TLS do not hold (`ResourcePolicies`).
 */

/**
 * How many invocations Lambda runs in parallel for a standard queue. After some minutes, it adds more while messages
 * wait.
 */
export const INITIAL_QUEUE_CONCURRENCY = 5;

/**
 * Shards of a table's stream: as many as a new on-demand table has partitions. Items with the same partition key stay
 * in order; batches of different shards may overtake each other.
 */
export const STREAM_SHARDS = 4;

/** When a failed batch of a stream is first retried, and the longest pause between retries. */
export const FIRST_STREAM_RETRY_MILLIS = 1_000;
export const LONGEST_STREAM_RETRY_MILLIS = 60_000;

/** The value of an input template's variable that the event lacks: "not created", says the documentation. */
export const MISSING_VARIABLE = '';

/** `SenderId`: the id of an IAM user. The actual sender is unknown here. */
export const SENDER_ID = 'AIDALOCALLOCALLOCALLO';
