/** What the console shows of services: their channels, who is in one, and the last lines of its log. */
import type { Service } from '../../lib/service';
import { withoutSecrets } from '../../local/console/hidden-secrets';
import type { Place } from '../place';
import { type ChannelInventory, readInventory, type SplitDelivery } from './table-inventory';

const SHOWN_CHANNELS = 100;
const SHOWN_DELIVERIES = 50;
const SHOWN_USERS = 200;
const SHOWN_LINES = 20;

export interface ShownService {
  name: string;
  connections: number;
  users: number;
  /** Those with the most members, of those whose name contains what is looked for. */
  channels: { total: number; found: number; shown: ChannelInventory[] };
  /** The table has more rows than were looked at. */
  isPartial: boolean;
}

export interface ShownServices {
  services: ShownService[];
  /** That were split over invocations, the newest first. */
  deliveries: SplitDelivery[];
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
  return { services, deliveries: deliveries.slice(0, SHOWN_DELIVERIES) };
}

export async function shownChannel(service: Service, name: string) {
  const channel = service.channel(name);
  const [members, users, hasLog] = await Promise.all([
    channel.members(),
    channel.presence(),
    channel.hasLog(),
  ]);
  const history = hasLog ? await channel.history({ limit: SHOWN_LINES, reverse: true }) : undefined;
  return {
    members: members.length,
    /** Connections that nobody has identified. */
    unnamed: members.filter(({ user }) => user === undefined).length,
    users: { total: users.length, shown: users.slice(0, SHOWN_USERS).map(fitToShow) },
    ...(history && {
      log: {
        ...{ epoch: history.epoch, offset: history.offset },
        lines: history.lines.map(({ offset, at, data }) => ({ offset, at, data: textOf(data) })),
      },
    }),
  };
}

function fitToShow<T extends { info?: unknown }>({ info, ...user }: T) {
  return { ...user, ...(info !== undefined && { info: textOf(info) }) };
}

function textOf(data: unknown): string {
  const text = withoutSecrets(JSON.stringify(data));
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
