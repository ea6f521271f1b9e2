/** What the console shows of services: channels, their members, and the latest lines of their logs. */
import type { Member } from '../../lib/connections/connection-items';
import { presentUsers } from '../../lib/presence/presence-form';
import type { Service } from '../../lib/service';
import { ErrorLog } from '../../lib/telemetry/error-log';
import { withoutSecrets } from '../../local/console/hidden-secrets';
import type { Place } from '../place';
import { type ChannelInventory, readInventory, type SplitDelivery } from './table-inventory';

const SHOWN_CHANNELS = 100;
const SHOWN_DELIVERIES = 50;
const SHOWN_USERS = 200;
const SHOWN_LINES = 20;
const SHOWN_ERRORS = 10;
/** The limits of the console's lists. */
const NAMED_CONNECTIONS = 2_000;

export interface ShownService {
  name: string;
  connections: number;
  users: number;
  /** The channels with the most members whose names match the search. */
  channels: { total: number; found: number; shown: ChannelInventory[] };
  /** Whether the table has more rows than were read. */
  isPartial: boolean;
}

export interface ShownServices {
  services: ShownService[];
  /** Deliveries that were split over invocations, newest first. */
  deliveries: SplitDelivery[];
  /** The users of the latest connections, by connection id. */
  users: Record<string, string>;
}

/** @param find part of the names of channels */
export async function shownServices(place: Place, find: string): Promise<ShownServices> {
  const tableNames = [...new Set(place.entries.map(({ connectionTable }) => connectionTable))];
  const inventories = new Map(
    await Promise.all(
      tableNames.map(async (name) => [name, await readInventory(place.tables, name)] as const),
    ),
  );
  const services = place.entries.map(({ service, connectionTable }) => {
    const inventory = inventories.get(connectionTable);
    const { connections = 0, users = 0, channels = [] } = inventory?.services.get(service) ?? {};
    const found = channels.filter(({ channel }) => channel.includes(find));
    return {
      ...{ name: service, connections, users, isPartial: inventory?.isPartial ?? false },
      channels: {
        ...{ total: channels.length, found: found.length, shown: found.slice(0, SHOWN_CHANNELS) },
      },
    };
  });
  const deliveries = [...inventories.values()].flatMap((inventory) => inventory.deliveries);
  deliveries.sort((a, b) => b.at - a.at);
  const named = [...inventories.values()].flatMap((inventory) => inventory.named);
  named.sort((a, b) => b.acceptedAt - a.acceptedAt);
  return {
    ...{ services, deliveries: deliveries.slice(0, SHOWN_DELIVERIES) },
    users: Object.fromEntries(named.slice(0, NAMED_CONNECTIONS).map(({ id, user }) => [id, user])),
  };
}

/** Everyone who is connected to a service, or in a channel. */
async function shownMembers(service: Service, channel?: string) {
  const members: Member[] = [];
  const all = channel === undefined ? service.members() : service.channels.members(service.name, channel);
  for await (const member of all) members.push(member);
  const users = presentUsers(members);
  const unnamed = members.filter(({ user }) => user === undefined).map(({ webSocketId }) => webSocketId);
  return {
    members: members.length,
    users: { total: users.length, shown: users.slice(0, SHOWN_USERS).map(fitToShow) },
    /** Connections without a user. */
    unnamed: { total: unnamed.length, shown: unnamed.slice(0, SHOWN_USERS) },
  };
}

export async function shownService(service: Service) {
  const errors = new ErrorLog(service.backend, service.name);
  const [members, newest] = await Promise.all([shownMembers(service), errors.newest(SHOWN_ERRORS)]);
  return { ...members, errors: newest.map(textOf) };
}

export async function shownChannel(service: Service, name: string) {
  const channel = service.channel(name);
  const [members, hasLog] = await Promise.all([shownMembers(service, name), channel.hasLog()]);
  if (!hasLog) return members;
  const { epoch, offset, lines } = await channel.history({ limit: SHOWN_LINES, reverse: true });
  return {
    ...members,
    log: {
      epoch,
      offset,
      lines: lines.map((line) => ({ ...{ offset: line.offset, at: line.at }, data: textOf(line.data) })),
    },
  };
}

function fitToShow<T extends { info?: unknown }>({ info, ...user }: T) {
  return { ...user, ...(info !== undefined && { info: textOf(info) }) };
}

function textOf(data: unknown): string {
  // Cut before it is searched, because a line may have up to 128 KB.
  const text = withoutSecrets(JSON.stringify(data).slice(0, 4_000));
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
