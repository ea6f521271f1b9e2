/**
 * An inventory of a connection table for developers. It scans the table, which only a local table is small enough
 * for.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { isChannelName } from '../../lib/channels/channel-names';
import { type LogState, toLogState } from '../../lib/channels/log/log-items';
import { type Member, toMember } from '../../lib/connections/connection-items';
import type { DeliveryReport } from '../../lib/delivery/delivery-report';
import { reportOf } from '../../lib/fan-out/shares';
import type { Item } from '../../lib/table/item';

/** The most rows to read. With more, the inventory is partial. */
const MOST_ROWS = 200_000;

export interface ChannelInventory {
  channel: string;
  members: number;
  users: number;
  log?: LogState;
}

export interface ServiceInventory {
  connections: number;
  users: number;
  channels: ChannelInventory[];
}

/** A delivery that was split over invocations. */
export interface SplitDelivery extends DeliveryReport {
  /** When it began, in milliseconds since the epoch. */
  at: number;
}

export interface TableInventory {
  services: Map<string, ServiceInventory>;
  deliveries: SplitDelivery[];
  /** Connections whose user is known. */
  named: NamedConnection[];
  isPartial: boolean;
}

export interface NamedConnection {
  id: string;
  user: string;
  acceptedAt: number;
}

/** Does not read the lines of logs or messages. */
const READ = {
  ProjectionExpression:
    'pk, sk, #user, acceptedAt, #left, #epoch, #last, #size, #seconds, #counts, done, begunAt, endedAt',
  ExpressionAttributeNames: {
    ...{ '#user': 'user', '#left': 'left', '#epoch': 'epoch', '#last': 'last', '#size': 'size' },
    ...{ '#seconds': 'seconds', '#counts': 'counts' },
  },
  FilterExpression:
    'begins_with(sk, :member) OR begins_with(pk, :delivery) OR (begins_with(pk, :log) AND sk = :state)',
  ExpressionAttributeValues: {
    ...{ ':member': 'MEMBER#', ':delivery': 'DELIVERY#', ':log': 'LOG#', ':state': 'LOG' },
  },
};

export async function readInventory(client: DynamoDBClient, tableName: string): Promise<TableInventory> {
  const gathering = new Gathering();
  let rows = 0;
  const documents = DynamoDBDocumentClient.from(client);
  for await (const { Items = [], ScannedCount = 0 } of paginateScan(
    { client: documents },
    { TableName: tableName, ...READ },
  )) {
    for (const item of Items) gathering.add(item as Item);
    rows += ScannedCount;
    if (rows >= MOST_ROWS) return gathering.inventory(true);
  }
  return gathering.inventory(false);
}

interface Gathered {
  members: number;
  users: Set<string>;
  log?: LogState;
}

class Gathering {
  readonly #services = new Map<string, Gathered>();
  readonly #named: NamedConnection[] = [];
  /** By service and channel. */
  readonly #channels = new Map<string, Map<string, Gathered>>();
  /** The rows of each delivery, by its id. */
  readonly #deliveries = new Map<string, Item[]>();

  add(item: Item): void {
    if (item.pk.startsWith('DELIVERY#')) this.#addShare(item);
    else if (item.sk === 'LOG') this.#addLog(item);
    else this.#addMember(toMember(item));
  }

  inventory(isPartial: boolean): TableInventory {
    const names = new Set([...this.#services.keys(), ...this.#channels.keys()]);
    const services = new Map([...names].map((name) => [name, this.#service(name)]));
    const deliveries = [...this.#deliveries].flatMap(([id, rows]) => {
      const report = reportOf(id, rows, Date.now());
      const at = Math.max(...rows.map(({ begunAt = 0 }) => Number(begunAt)));
      return report ? [{ at, ...report }] : [];
    });
    return { services, deliveries, named: this.#named, isPartial };
  }

  #service(name: string): ServiceInventory {
    const { members = 0, users } = this.#services.get(name) ?? {};
    const channels = [...(this.#channels.get(name) ?? [])].map(([channel, found]) => ({
      ...{ channel, members: found.members, users: found.users.size },
      ...(found.log && { log: found.log }),
    }));
    channels.sort((a, b) => b.members - a.members || (a.channel < b.channel ? -1 : 1));
    return { connections: members, users: users?.size ?? 0, channels };
  }

  #addMember({ service, channel, user, left, webSocketId, acceptedAt }: Member): void {
    if (left) return;
    if (channel === undefined && user !== undefined) this.#named.push({ id: webSocketId, user, acceptedAt });
    const found =
      channel === undefined
        ? (this.#services.get(service) ?? { members: 0, users: new Set<string>() })
        : this.#channel(service, channel);
    if (channel === undefined) this.#services.set(service, found);
    found.members += 1;
    if (user !== undefined) found.users.add(user);
  }

  #addLog(item: Item): void {
    const [, service = '', channel = ''] = item.pk.split('#');
    // The library's own logs have names that no channel may have.
    if (item.epoch !== undefined && isChannelName(channel))
      this.#channel(service, channel).log = toLogState(item);
  }

  #addShare(item: Item): void {
    const id = item.pk.slice('DELIVERY#'.length);
    const rows = this.#deliveries.get(id) ?? [];
    this.#deliveries.set(id, rows);
    rows.push(item);
  }

  #channel(service: string, channel: string): Gathered {
    const channels = this.#channels.get(service) ?? new Map<string, Gathered>();
    this.#channels.set(service, channels);
    const found = channels.get(channel) ?? { members: 0, users: new Set<string>() };
    channels.set(channel, found);
    return found;
  }
}
