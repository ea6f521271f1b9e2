/** The command `sweep`: finds and cleans up connections whose `$disconnect` was lost, and reports what it found. */
import { UserError } from '../local/user-error';
import type { PlaceOptions } from './client-settings';
import { Place } from './place';
import type { Terminal } from './terminal';
import { jsonLine, table } from './text';

/** The counts of a report, in the order of a connection's life. */
const COUNTS = ['open', 'young', 'settled', 'forgotten', 'pending', 'elsewhere', 'failed'];

type Report = Record<string, unknown>;

/** @throws {UserError} if a service's function failed, or is an old version whose sweeps return no report */
export async function sweep(
  serviceName: string | undefined,
  options: PlaceOptions & { json: boolean },
  terminal: Terminal,
): Promise<void> {
  const place = await Place.find(options);
  const reports: [service: string, report: Report][] = [];
  for (const { name } of place.services(serviceName)) {
    reports.push([name, asReport(name, await place.ask(name, { type: 'sweep' }))]);
  }
  if (options.json) {
    terminal.print(reports.map(([service, report]) => jsonLine({ service, ...report })).join(''));
    return;
  }
  const rows = reports.map(([service, report]) => [
    service,
    ...COUNTS.map((name) => String(report[name] ?? 0)),
    report.complete === true ? 'yes' : 'no',
  ]);
  terminal.print(table(['service', ...COUNTS, 'complete'], rows, terminal.isTerminal));
}

function asReport(service: string, answer: unknown): Report {
  if (typeof answer === 'object' && answer !== null) return answer as Report;
  throw new UserError(`The sweep of ${service} ran, but its function returned no report. Deploy it again.`);
}
