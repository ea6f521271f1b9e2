/** The methods that say who is there: presence of one channel, and channels and connections of the whole service. */
import type { Member } from '../../connections/connection-items';
import type { Service } from '../../service';
import { clientInfo } from '../protocol';
import { errors } from '../realtime-errors';
import { chosenConnections } from './chosen-connections';
import { assertWithout, channelIn, type Fields, textIn } from './fields';
import { inTurns } from './in-turns';
import { NamePattern } from './name-pattern';

const AT_A_TIME = 50;
/** Their memberships take about five seconds to read. */
const MOST_CONNECTIONS = 20_000;

export class Overview {
  constructor(private readonly service: Service) {}

  async presence(fields: Fields): Promise<object> {
    const members = await this.service.channel(channelIn(fields)).members();
    return {
      presence: Object.fromEntries(members.map((member) => [member.webSocketId, clientInfo(member)])),
    };
  }

  async presenceStats(fields: Fields): Promise<object> {
    const members = await this.service.channel(channelIn(fields)).members();
    return { num_clients: members.length, num_users: numberOfUsers(members) };
  }

  /**
   * Every channel that has members now, and how many connections are in it. No index has that, so the memberships of
   * each connection are read: one query for each.
   * @throws RealtimeError for a service with too many connections
   */
  async channels(fields: Fields): Promise<object> {
    const pattern = new NamePattern(textIn(fields, 'pattern'));
    const clients = new Map<string, number>();
    await inTurns(await this.#everyone(), AT_A_TIME, async ({ webSocketId }) => {
      for (const channel of await this.service.channels.channelsOf(webSocketId))
        if (pattern.matches(channel)) clients.set(channel, (clients.get(channel) ?? 0) + 1);
    });
    const names = [...clients.keys()].sort();
    return { channels: Object.fromEntries(names.map((name) => [name, { num_clients: clients.get(name) }])) };
  }

  /** Of one user, or of one client. One query for the channels of each. */
  async connections(fields: Fields): Promise<object> {
    assertWithout(fields, 'expression');
    const members = await chosenConnections(this.service, fields);
    const described = await inTurns(members, AT_A_TIME, async ({ webSocketId, user, acceptedAt }) => {
      const channels = await this.service.channels.channelsOf(webSocketId);
      const state = { channels: Object.fromEntries(channels.map((channel) => [channel, {}])) };
      const how = { transport: 'websocket', protocol: 'json' };
      return [webSocketId, { ...how, user: user ?? '', state, connected_at_ms: acceptedAt }] as const;
    });
    return { connections: Object.fromEntries(described) };
  }

  /** The service is one node. Subscriptions and channels are not counted: `channels` does that, at its cost. */
  async info(): Promise<object> {
    let clients = 0;
    const users = new Set<string>();
    for await (const { user, webSocketId } of this.service.members()) {
      clients++;
      users.add(user ?? `\0${webSocketId}`);
    }
    const { name } = this.service;
    const node = { uid: name, name, version: 'shared-connection', num_clients: clients };
    return { nodes: [{ ...node, num_users: users.size }] };
  }

  async #everyone(): Promise<Member[]> {
    const members: Member[] = [];
    for await (const member of this.service.members()) {
      if (members.length === MOST_CONNECTIONS)
        throw errors.notAvailable(`channels of more than ${MOST_CONNECTIONS} connections`);
      members.push(member);
    }
    return members;
  }
}

/** Each anonymous connection counts as a user of its own. */
function numberOfUsers(members: { webSocketId: string; user?: string }[]): number {
  return new Set(members.map(({ user, webSocketId }) => user ?? `\0${webSocketId}`)).size;
}
