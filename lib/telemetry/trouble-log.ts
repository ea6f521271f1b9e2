/** The telemetry of a service without metrics: one warning for each delivery that failed for some members or is unfinished. */
import type { Clock } from '../clock';
import type { DeliveryNote, Telemetry } from './telemetry';

export class TroubleLog implements Telemetry {
  constructor(
    private readonly clock: Clock,
    /** Logs a line: a JSON object with the fields that Lambda uses to filter logs. */
    private readonly write: (line: string) => void,
  ) {}

  delivered({ service, channel, report }: DeliveryNote): void {
    if (!report || (report.failed === 0 && report.unfinished === 0)) return;
    const message =
      report.failed > 0
        ? `A delivery failed for ${report.failed} of ${report.members} members.`
        : `A delivery is not finished: ${report.unfinished} of ${report.workers} workers still post.`;
    const timestamp = new Date(this.clock.now()).toISOString();
    const where = { service, ...(channel !== undefined && { channel }) };
    this.write(JSON.stringify({ timestamp, level: 'WARN', message, ...where, delivery: report }));
  }

  connected(): void {}
}
