/** What became of a delivery: each member is in exactly one of the counts. */

/** The counts of a delivery, or of the part of it that one invocation has posted. */
export interface DeliveryCounts {
  /** API Gateway accepted the message. A half-open client may still never receive it. */
  sent: number;
  /** The connection no longer exists. It has been cleaned up, or a cleanup was requested. */
  gone: number;
  /** API Gateway answered 410, but the connection is so young that it may still be opening. */
  pending: number;
  failed: number;
  /** Posts that API Gateway refused with 429. All but the last one of a member were retried. */
  throttled: number;
  /** How often each reason of a failure occurred. */
  reasons: Record<string, number>;
}

export interface DeliveryReport extends DeliveryCounts {
  /** Names the delivery in the log. Of a split one, `service.report(id)` reads the report later. */
  id: string;
  /** Members in one of the counts: all of them, unless invocations are `unfinished`. */
  members: number;
  /** Invocations that posted besides the one that began it. 0 unless its members were so many that they were split. */
  workers: number;
  /** Invocations that have not finished. What they have not decided is in no count. */
  unfinished: number;
  /** From its beginning until everyone was decided, or until now if invocations are `unfinished`. */
  seconds: number;
}

/** Each member is in exactly one of these. */
export type Count = 'sent' | 'gone' | 'pending' | 'failed';

/** A gateway that words each failure differently must not fill rows and log lines. */
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
