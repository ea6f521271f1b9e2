/** What a service tells those who operate it: what became of each delivery, and how many are connected. */
import type { DeliveryCounts, DeliveryReport } from '../delivery/delivery-report';

/** A delivery, or a worker's part of one. */
export interface DeliveryNote {
  service: string;
  /** @default everyone of the service, or members that the caller has chosen */
  channel?: string | undefined;
  /** What this process has posted. Workers note their own part. */
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
  /** Called by each sweep that has been through everyone. */
  connected(note: ConnectionsNote): void;
}
