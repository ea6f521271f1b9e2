/** The commands `channels` and `members`: which channels exist, and who is in one. */
import { ChannelStore } from '../lib/channels/channel-store';
import type { Member } from '../lib/connections/connection-items';
import type { Service } from '../lib/service';
import type { PlaceOptions } from './client-settings';
import { inTurns } from './in-turns';
import { Place } from './place';
import type { Terminal } from './terminal';
import { durationText, jsonLine, table } from './text';

interface Channel {
  service: string;
  channel: string;
  members: number;
}

/** Derived from the memberships of connected clients, so empty channels are not listed. */
export async function channels(
  serviceName: string | undefined,
  options: PlaceOptions & { json: boolean },
  terminal: Terminal,
): Promise<void> {
  const place = await Place.find(options);
  const found: Channel[] = [];
  for (const service of place.services(serviceName)) found.push(...(await channelsOf(service)));
  if (options.json) return terminal.print(found.map(jsonLine).join(''));
  if (found.length === 0) return terminal.print('No connection is in a channel.\n');
  const rows = found.map(({ service, channel, members: count }) => [service, channel, String(count)]);
  terminal.print(table(['service', 'channel', 'members'], rows, terminal.isTerminal));
}

async function channelsOf(service: Service): Promise<Channel[]> {
  const store = new ChannelStore(service.backend.table, service.backend.clock);
  const connected: Member[] = [];
  for await (const member of service.members()) connected.push(member);
  const counts = new Map<string, number>();
  for await (const names of inTurns(connected, ({ webSocketId }) => store.channelsOf(webSocketId))) {
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([channel, members]) => ({ service: service.name, channel, members }));
}

/** @throws {UserError} if there is no such service, and InvalidValueError for an invalid channel name */
export async function members(
  channel: string,
  options: PlaceOptions & { json: boolean; service?: string },
  terminal: Terminal,
): Promise<void> {
  const place = await Place.find(options);
  const found: Member[] = [];
  for (const service of place.services(options.service)) {
    const store = new ChannelStore(service.backend.table, service.backend.clock);
    for await (const member of store.members(service.name, channel)) found.push(member);
  }
  found.sort((a, b) => a.acceptedAt - b.acceptedAt);
  const now = Date.now();
  const rows = found.map(({ service, webSocketId: id, acceptedAt, user, info }) => ({
    ...{ service, id, acceptedAt: new Date(acceptedAt).toISOString() },
    ...(user !== undefined && { user }),
    ...(info !== undefined && { info }),
    ageSeconds: Math.max(0, Math.floor((now - acceptedAt) / 1_000)),
  }));
  if (options.json) return terminal.print(rows.map(jsonLine).join(''));
  if (rows.length === 0) return terminal.print(`No connection is in ${channel}.\n`);
  const cells = rows.map((row) => [
    row.service,
    row.id,
    durationText(row.ageSeconds * 1_000),
    row.user ?? '',
  ]);
  terminal.print(table(['service', 'id', 'age', 'user'], cells, terminal.isTerminal));
}
