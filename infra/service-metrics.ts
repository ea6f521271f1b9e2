/** The metrics that a service's functions log for CloudWatch, and the environment variable that enables them. */
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';

/** What `metrics: true` measures. */
export type ServiceMetric =
  | 'Deliveries'
  | 'Members'
  | 'Sent'
  | 'Gone'
  | 'Pending'
  | 'Failed'
  | 'Throttled'
  | 'DeliveryTime'
  | 'Connections'
  | 'AverageConnectionAge'
  | 'OldestConnectionAge';

/** The library reads it. */
export const METRICS_ENVIRONMENT = { CONNECTION_METRICS: 'true' };

export function serviceMetric(
  serviceName: string,
  metricName: ServiceMetric,
  props: MetricOptions = {},
): Metric {
  return new Metric({
    ...{ namespace: 'SharedConnection', metricName, statistic: Stats.SUM, ...props },
    dimensionsMap: { service: serviceName, ...props.dimensionsMap },
  });
}
