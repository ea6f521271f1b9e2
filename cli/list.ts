/** The command `list`: who is connected. */
import type { Member } from '../lib/connections/connection-items';
import type { Service } from '../lib/service';
import { followChanges } from './changes';
import type { PlaceOptions } from './client-settings';
import { inTurns } from './in-turns';
import { Place } from './place';
import type { Terminal } from './terminal';
import { durationText, jsonLine, table } from './text';

export interface ListOptions extends PlaceOptions {
  /** Also lists channels: one query for each connection. */
  channels: boolean;
  /** Also asks API Gateway when each was last active: one request for each connection. */
  probe: boolean;
  watch: boolean;
  json: boolean;
}

interface Listed {
  service: string;
  id: string;
  acceptedAt: string;
  ageSeconds: number;
  user?: string;
  info?: Member['info'];
  channels?: string[];
  lastActiveAt?: string | null;
}

const WATCH_MILLISECONDS = 2_000;
const CLEAR_SCREEN = '\u001b[H\u001b[2J\u001b[3J';

export async function list(
  serviceName: string | undefined,
  options: ListOptions,
  terminal: Terminal,
): Promise<void> {
  const place = await Place.find(options);
  const services = place.services(serviceName);
  const draws = options.watch && terminal.isTerminal && !options.json;
  do {
    const rows = (await Promise.all(services.map((service) => listed(service, options)))).flat();
    const text = options.json ? rows.map(jsonLine).join('') : drawn(rows, options, terminal);
    terminal.print(draws ? `${CLEAR_SCREEN}${text}` : text);
  } while (draws && (await terminal.wait(WATCH_MILLISECONDS)));
  if (options.watch && !draws) await followChanges(services, WATCH_MILLISECONDS, options.json, terminal);
}

async function listed(service: Service, options: ListOptions): Promise<Listed[]> {
  const members: Member[] = [];
  for await (const member of service.members()) members.push(member);
  members.sort((a, b) => a.acceptedAt - b.acceptedAt);
  const rows: Listed[] = [];
  for await (const one of inTurns(members, (member) => row(service, member, options))) rows.push(one);
  return rows;
}

async function row(service: Service, member: Member, { channels, probe }: ListOptions): Promise<Listed> {
  const { webSocketId, acceptedAt, user, info } = member;
  const { connections, clock } = service.backend;
  return {
    service: service.name,
    id: webSocketId,
    acceptedAt: new Date(acceptedAt).toISOString(),
    ageSeconds: Math.max(0, Math.floor((clock.now() - acceptedAt) / 1_000)),
    ...(user !== undefined && { user }),
    ...(info !== undefined && { info }),
    ...(channels && { channels: await service.channels.channelsOf(webSocketId) }),
    ...(probe && { lastActiveAt: (await connections.get(member))?.lastActiveAt.toISOString() ?? null }),
  };
}

function drawn(rows: Listed[], { channels, probe }: ListOptions, { isTerminal }: Terminal): string {
  if (rows.length === 0) return 'No client is connected.\n';
  const head = [
    ...['service', 'id', 'age', 'user'],
    ...(channels ? ['channels'] : []),
    ...(probe ? ['last active'] : []),
  ];
  const cells = rows.map((each) => [
    ...[each.service, each.id, durationText(each.ageSeconds * 1_000), each.user ?? ''],
    ...(channels ? [each.channels?.join(' ') ?? ''] : []),
    ...(probe ? [each.lastActiveAt ?? 'unknown to API Gateway'] : []),
  ]);
  return table(head, cells, isTerminal);
}
