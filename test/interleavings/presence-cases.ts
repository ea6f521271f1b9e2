/** Presence in a channel: clients join, rename and leave concurrently, and each must know who is there. */
import { type ChannelRules, type PresenceNews, WebSocketServer } from '../../lib';
import type { PresentUser } from '../../lib/presence/presence-form';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

const ROOM = 'room';

/** Its clients join the room by a message, and are named by their id until they choose a name. */
function room(joinLeave: 'lists' | 'differences') {
  return (world: ServiceWorld) =>
    class Room extends WebSocketServer {
      static override channels: ChannelRules = { [ROOM]: { joinLeave } };
      override async onPreServer() {
        await this.identify({ user: this.webSocketId });
      }
      override async onClientMessage(text: string) {
        if (text === 'enter') await this.subscribe(ROOM);
        else if (text === 'leave') await this.unsubscribe(ROOM);
        else await this.identify({ user: text });
      }
      override async onPostServer() {
        await world.note(`onPostServer of ${this.webSocketId}`);
      }
    };
}

/** What a client knows if it follows the protocol: lists and differences in the order of their revisions. */
function known(frames: PresenceNews[]): Map<string, PresentUser> | string {
  let users = new Map<string, PresentUser>();
  let at = 0;
  for (const news of frames.toSorted((a, b) => a.revision - b.revision)) {
    if ('users' in news) users = new Map(news.users.map((user) => [user.user, user]));
    else if (news.since > at) return `a difference since ${news.since} follows on ${at}`;
    else {
      for (const user of news.joined) users.set(user.user, user);
      for (const user of news.left) users.delete(user);
    }
    at = news.revision;
  }
  return users;
}

function wrongAtRest(world: ServiceWorld): string | undefined {
  const members = world.table
    .items()
    .filter(({ pk, sk }) => pk === `CHANNEL#chat#${ROOM}` && sk.startsWith('MEMBER#'));
  const expected = members.map(({ user }) => user).sort();
  for (const { sk } of members) {
    const id = sk.split('#')[2] as string;
    if (!world.isLive(id)) continue;
    const users = known(world.gateway.received(id).map((frame) => JSON.parse(frame).presence));
    if (typeof users === 'string') return `${id} cannot tell who is there: ${users}.`;
    const seen = [...users.keys()].sort();
    if (seen.join() !== expected.join()) return `${id} sees [${seen}], but [${expected}] are there.`;
  }
  return undefined;
}

const inside = { connected: true, hasSent: ['enter'] };
const outside = { connected: true };

export const presenceCases: Record<string, Scenario> = {
  'one comes while another leaves': {
    makeServerClass: room('lists'),
    clients: { a: { ...outside, sends: ['enter'] }, b: { ...inside, sends: ['leave'] }, c: inside },
    largerBudget: { ticks: 1 },
    large: true,
    wrongAtRest,
  },
  'one comes while another closes, told as differences': {
    makeServerClass: room('differences'),
    clients: { a: { ...outside, sends: ['enter'] }, b: { ...inside, leaves: 'told' } },
    largerBudget: { ticks: 1 },
    large: true,
    wrongAtRest,
  },
  'two come, told as differences': {
    makeServerClass: room('differences'),
    clients: { a: { ...outside, sends: ['enter'] }, b: { ...outside, sends: ['enter'] } },
    budget: { ticks: 1 },
    largerBudget: { ticks: 2 },
    large: true,
    wrongAtRest,
  },
  'one comes, and whoever tells of it dies': {
    makeServerClass: room('differences'),
    clients: { a: { ...outside, sends: ['enter'] }, b: inside },
    budget: { crashes: 1 },
    largerBudget: { crashes: 2 },
    wrongAtRest,
  },
  'one is called otherwise while another comes': {
    makeServerClass: room('differences'),
    clients: { a: { ...inside, sends: ['A'] }, b: { ...outside, sends: ['enter'] } },
    large: true,
    wrongAtRest,
  },
};
