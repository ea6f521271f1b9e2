/**
 * Telemetry as lines of the function's log: one JSON object each, which CloudWatch also reads as metrics. No call is made,
 * and no permission is needed.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import type { Clock } from '../clock';
import { membersIn } from '../delivery/delivery-report';
import type { ConnectionsNote, DeliveryNote, Telemetry } from './telemetry';

export const METRICS_NAMESPACE = 'SharedConnection';

/** Each metric, with its unit in CloudWatch. Each has one dimension, the service. */
const UNITS = {
  Deliveries: 'Count',
  Members: 'Count',
  Sent: 'Count',
  Gone: 'Count',
  Pending: 'Count',
  Failed: 'Count',
  Throttled: 'Count',
  DeliveryTime: 'Seconds',
  Connections: 'Count',
  AverageConnectionAge: 'Seconds',
  OldestConnectionAge: 'Seconds',
} as const;

export type MetricName = keyof typeof UNITS;

export class EmbeddedMetrics implements Telemetry {
  constructor(
    private readonly clock: Clock,
    /** Logs a line. */
    private readonly write: (line: string) => void,
  ) {}

  delivered({ service, channel, counts, report }: DeliveryNote): void {
    this.#emit(
      service,
      {
        // The caller counts the delivery. A worker counts its posts only.
        ...(report && { Deliveries: 1, DeliveryTime: report.seconds }),
        ...{ Members: membersIn(counts), Sent: counts.sent, Gone: counts.gone, Pending: counts.pending },
        ...{ Failed: counts.failed, Throttled: counts.throttled },
      },
      { ...(channel !== undefined && { channel }), ...(report ? { delivery: report } : { part: counts }) },
    );
  }

  connected({ service, connections, averageAgeSeconds, oldestAgeSeconds }: ConnectionsNote): void {
    const ages = { AverageConnectionAge: averageAgeSeconds, OldestConnectionAge: oldestAgeSeconds };
    this.#emit(service, { Connections: connections, ...(connections > 0 && ages) });
  }

  #emit(service: string, values: Partial<Record<MetricName, number>>, properties: object = {}): void {
    const names = Object.keys(values) as MetricName[];
    const directive = {
      Namespace: METRICS_NAMESPACE,
      Dimensions: [['service']],
      Metrics: names.map((Name) => ({ Name, Unit: UNITS[Name] })),
    };
    const metadata = { Timestamp: this.clock.now(), CloudWatchMetrics: [directive] };
    this.write(JSON.stringify({ _aws: metadata, service, ...values, ...properties }));
  }
}
