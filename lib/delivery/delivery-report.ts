/** The outcome of a delivery: each member is in exactly one of the counts. */

/** The counts of a delivery, or of one invocation's part of it. */
export interface DeliveryCounts {
  /** API Gateway accepted the message. A half-open client may still never receive it. */
  sent: number;
  /** The connection no longer exists. It has been cleaned up, or a cleanup was requested. */
  gone: number;
  /** API Gateway answered 410, but the connection is new enough that it may still be opening. */
  pending: number;
  failed: number;
  /** Posts that API Gateway refused with 429. All but each member's last one were retried. */
  throttled: number;
  /** How often each reason of a failure occurred. */
  reasons: Record<string, number>;
}

export interface DeliveryReport extends DeliveryCounts {
  /** The delivery's id in the log. If it was split, `service.report(id)` returns its report later. */
  id: string;
  /** Members with an outcome: all of them, unless invocations are `unfinished`. */
  members: number;
  /** Other invocations that posted. 0 unless the delivery was split. */
  workers: number;
  /** Invocations that have not finished. Members that they have not reached are in no count. */
  unfinished: number;
  /** From the beginning until every member had an outcome, or until now if invocations are `unfinished`. */
  seconds: number;
}

/** Each member is in exactly one of these. */
export type Count = 'sent' | 'gone' | 'pending' | 'failed';

/** Bounds the size of rows and log lines, even if each failure has its own text. */
const MAX_REASONS = 20;
const MAX_REASON_LENGTH = 200;
const OTHER_REASONS = 'other reasons';

export function emptyCounts(): DeliveryCounts {
  return { sent: 0, gone: 0, pending: 0, failed: 0, throttled: 0, reasons: {} };
}

export function countIn(counts: DeliveryCounts, count: Count, reason?: string): void {
  counts[count]++;
  if (reason !== undefined) addReason(counts.reasons, reason.slice(0, MAX_REASON_LENGTH), 1);
}

/** The counts of several parts together. */
export function sumOf(parts: DeliveryCounts[]): DeliveryCounts {
  const sum = emptyCounts();
  for (const { sent, gone, pending, failed, throttled, reasons } of parts) {
    sum.sent += sent;
    sum.gone += gone;
    sum.pending += pending;
    sum.failed += failed;
    sum.throttled += throttled;
    for (const [reason, count] of Object.entries(reasons)) addReason(sum.reasons, reason, count);
  }
  return sum;
}

export function membersIn({ sent, gone, pending, failed }: DeliveryCounts): number {
  return sent + gone + pending + failed;
}

function addReason(reasons: Record<string, number>, reason: string, count: number): void {
  const isKept = Object.hasOwn(reasons, reason) || Object.keys(reasons).length < MAX_REASONS;
  const name = isKept ? reason : OTHER_REASONS;
  reasons[name] = (reasons[name] ?? 0) + count;
}
