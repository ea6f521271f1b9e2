/** What a service reports to its operator: the outcome of each delivery, and how many clients are connected. */
import type { DeliveryCounts, DeliveryReport } from '../delivery/delivery-report';

/** A delivery, or a worker's part of one. */
export interface DeliveryNote {
  service: string;
  /** @default everyone in the service, or the members that the caller chose */
  channel?: string | undefined;
  /** What this process posted. Each worker reports its own part. */
  counts: DeliveryCounts;
  /** The whole delivery. Only the process that began it has this. */
  report?: DeliveryReport;
}

export interface ConnectionsNote {
  service: string;
  connections: number;
  averageAgeSeconds: number;
  oldestAgeSeconds: number;
}

export interface Telemetry {
  delivered(note: DeliveryNote): void;
  /** Called by each sweep that checked everyone. */
  connected(note: ConnectionsNote): void;
}
