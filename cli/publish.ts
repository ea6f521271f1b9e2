/** The commands `publish` and `broadcast`: send one message to everyone in a channel, or to everyone of a service. */
import type { DeliveryReport } from '../lib/delivery/delivery';
import { UserError } from '../local/user-error';
import type { PlaceOptions } from './client-settings';
import { dataOrInput } from './data';
import { Place } from './place';
import type { Terminal } from './terminal';
import { jsonLine, table } from './text';

type Reports = Record<string, DeliveryReport>;

/** @throws {UserError} if some posts failed, after the report has been printed */
export async function publish(
  channel: string,
  data: string | undefined,
  options: PlaceOptions & { json: boolean; service?: string },
  terminal: Terminal,
): Promise<void> {
  const services = (await Place.find(options)).services(options.service);
  const text = await dataOrInput(data, terminal);
  const reports: Reports = {};
  for (const service of services) reports[service.name] = await service.publish(channel, text);
  print(reports, options.json, terminal);
}

/** @throws {UserError} if some posts failed, after the report has been printed */
export async function broadcast(
  serviceName: string,
  data: string | undefined,
  options: PlaceOptions & { json: boolean },
  terminal: Terminal,
): Promise<void> {
  const [service] = (await Place.find(options)).services(serviceName);
  const text = await dataOrInput(data, terminal);
  if (service) print({ [serviceName]: await service.deliver(text) }, options.json, terminal);
}

function print(reports: Reports, json: boolean, terminal: Terminal): void {
  const entries = Object.entries(reports);
  const head = ['service', 'sent', 'gone', 'pending', 'failed'];
  const rows = entries.map(([service, { sent, gone, pending, failed }]) => [
    service,
    ...[sent, gone, pending, failed].map(String),
  ]);
  terminal.print(
    json
      ? entries.map(([service, report]) => jsonLine({ service, ...report })).join('')
      : table(head, rows, terminal.isTerminal),
  );
  const reasons = new Set(entries.flatMap(([, report]) => Object.keys(report.reasons)));
  if (reasons.size > 0) throw new UserError(`Some posts failed: ${[...reasons].join('; ')}`);
}
