/** The methods that say who is there: presence of one channel, and channels and connections of the whole service. */
import type { Member } from '../../connections/connection-items';
import { inTurns } from '../../delivery/in-turns';
import type { Service } from '../../service';
import { countedUser, presenceOf, presenceStatsOf } from '../channel-reads';
import { errors } from '../realtime-errors';
import { chosenConnections } from './chosen-connections';
import { assertWithout, channelIn, type Fields, textIn } from './fields';
import { NamePattern } from './name-pattern';

const AT_A_TIME = 50;
/** Their memberships take about five seconds to read. */
const MOST_CONNECTIONS = 20_000;

export class Overview {
  constructor(private readonly service: Service) {}

  async presence(fields: Fields): Promise<object> {
    return presenceOf(await this.service.channel(channelIn(fields)).members());
  }

  async presenceStats(fields: Fields): Promise<object> {
    return presenceStatsOf(await this.service.channel(channelIn(fields)).members());
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
    for await (const member of this.service.members()) {
      clients++;
      users.add(countedUser(member));
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
