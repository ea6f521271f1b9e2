/** The command `errors`: what services recorded as errors, newest first. */

import type { Service } from '../lib/service';
import { ErrorLog, type NotedError } from '../lib/telemetry/error-log';
import type { PlaceOptions } from './client-settings';
import { Place } from './place';
import type { Terminal } from './terminal';
import { jsonLine, table } from './text';

export interface ErrorsOptions extends PlaceOptions {
  /** The number of errors for each service. */
  limit: number;
  json: boolean;
}

interface Noted {
  service: string;
  at: string;
  error: string;
  /** Other fields that the service recorded. */
  [name: string]: unknown;
}

export async function errors(
  serviceName: string | undefined,
  options: ErrorsOptions,
  terminal: Terminal,
): Promise<void> {
  const place = await Place.find(options);
  const noted = await Promise.all(
    place.services(serviceName).map((service) => newest(service, options.limit)),
  );
  const all = noted.flat();
  if (options.json) return terminal.print(all.map(jsonLine).join(''));
  if (all.length === 0) return terminal.print('No errors are recorded.\n');
  const rows = all.map(({ service, at, error, ...others }) => [service, at, error, details(others)]);
  terminal.print(table(['service', 'at', 'error', 'details'], rows, terminal.isTerminal));
}

async function newest({ name, backend }: Service, limit: number): Promise<Noted[]> {
  const errors = await new ErrorLog(backend, name).newest(limit);
  return errors.map((error) => asNoted(name, error));
}

function asNoted(service: string, { at, error, ...others }: NotedError): Noted {
  return { service, at: String(at ?? ''), error: String(error ?? ''), ...others };
}

function details(others: Record<string, unknown>): string {
  return Object.entries(others)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('; ');
}
