/** What became of a delivery: each member is in exactly one of the counts. */

export interface DeliveryReport {
  /** API Gateway accepted the message. A half-open client may still never receive it. */
  sent: number;
  /** The connection no longer exists. It has been cleaned up, or a cleanup was requested. */
  gone: number;
  /** API Gateway answered 410, but the connection is so young that it may still be opening. */
  pending: number;
  failed: number;
  /** How often each reason occurred. */
  reasons: Record<string, number>;
  /** Of a delivery to so many that its members were split over invocations. */
  split?: {
    /** `service.report(id)` reads the counts later. */
    id: string;
    /** Invocations besides the one that began it. */
    workers: number;
    /** Those of them that have not finished: what they have not decided is in no count. */
    unfinished: number;
  };
}

/** The counts of a report: each member is in exactly one of them. */
export type Count = 'sent' | 'gone' | 'pending' | 'failed';

export function emptyReport(): DeliveryReport {
  return { sent: 0, gone: 0, pending: 0, failed: 0, reasons: {} };
}

export function countIn(report: DeliveryReport, count: Count, reason?: string): void {
  report[count]++;
  if (reason !== undefined) report.reasons[reason] = (report.reasons[reason] ?? 0) + 1;
}

/** The counts of several reports together. */
export function sumOf(reports: DeliveryReport[]): DeliveryReport {
  const sum = emptyReport();
  for (const { sent, gone, pending, failed, reasons } of reports) {
    sum.sent += sent;
    sum.gone += gone;
    sum.pending += pending;
    sum.failed += failed;
    for (const [reason, count] of Object.entries(reasons)) {
      sum.reasons[reason] = (sum.reasons[reason] ?? 0) + count;
    }
  }
  return sum;
}
