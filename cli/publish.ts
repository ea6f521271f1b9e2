/** The commands `publish` and `broadcast`: send one message to everyone in a channel, or to everyone of a service. */
import type { Published } from '../lib/channels/channel';
import type { Position } from '../lib/channels/log/log-items';
import type { DeliveryReport } from '../lib/delivery/delivery-report';
import type { Service } from '../lib/service';
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
  const stored: (Position & { service: string })[] = [];
  for (const service of services) {
    const { report, position } = await publishText(service, channel, text);
    if (report) reports[service.name] = report;
    if (position) stored.push({ service: service.name, ...position });
  }
  if (stored.length > 0) {
    // The service's function posts it.
    const rows = stored.map(({ service, offset, epoch }) => [service, String(offset), epoch]);
    terminal.print(
      options.json
        ? stored.map(jsonLine).join('')
        : table(['service', 'offset', 'epoch'], rows, terminal.isTerminal),
    );
  }
  if (Object.keys(reports).length > 0) print(reports, options.json, terminal);
}

/** Publishes to a channel, as a line of its log if it has one. */
export async function publishText(service: Service, channelName: string, text: string): Promise<Published> {
  const channel = service.channel(channelName);
  return channel.publish((await channel.hasLog()) ? lineOf(text) : text);
}

/** JSON if the text is valid JSON, or else a string. */
function lineOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
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
