/**
 * Behavior of SQS, SNS, EventBridge and Lambda's event sources that no public source documents. Each constant is one
 * assumption. If you measure the real behavior, change it here.
 *
 * Assumptions that are part of other code:
 * - `ApproximateReceiveCount` of a dead letter continues from its first queue; its own `maxReceiveCount` starts at 0
 *   (`Queue`).
 * - PutEvents accepts an event for a missing bus and drops it (`EventsService`).
 * - A rate first runs one interval after the start, which counts as the rule's creation (`Schedules`). The same
 *   applies to a schedule without a start date.
 * - When a service sends to a queue or a topic, its request has only the condition keys for the source, its account,
 *   TLS and the service (`ServiceAccess`).
 */

/**
 * How many invocations Lambda runs in parallel for a standard queue. After some minutes, it adds more while messages
 * wait.
 */
export const INITIAL_QUEUE_CONCURRENCY = 5;

/** When a failed batch of a stream is first retried, and the longest pause between retries. */
export const FIRST_STREAM_RETRY_MILLIS = 1_000;
export const LONGEST_STREAM_RETRY_MILLIS = 60_000;

/** The value of an input template's variable that the event lacks: "not created", says the documentation. */
export const MISSING_VARIABLE = '';

/** `SenderId`: the id of an IAM user. Queues do not know the actual sender. */
export const SENDER_ID = 'AIDALOCALLOCALLOCALLO';
