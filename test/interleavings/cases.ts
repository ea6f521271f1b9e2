/** The small cases that are explored, each with what may go wrong. */

import { ChatServer } from '../../functions/chat/server';
import { UserList } from '../../functions/chat/user-list';
import { Service, WebSocketServer } from '../../lib';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

/** Notes its hooks, each as a step that it may crash before. */
function recorder(world: ServiceWorld) {
  return class Recorder extends WebSocketServer {
    override async server() {
      await world.note(`server of ${this.webSocketId}`);
    }
    override async onPostServer() {
      await world.note(`onPostServer of ${this.webSocketId}`);
    }
  };
}

/** Sets its name from its message. */
function named(world: ServiceWorld) {
  return class Named extends recorder(world) {
    override async onClientMessage(name: string) {
      if (await this.identify({ user: name })) world.happened.push('named');
    }
  };
}

/** The real chat, which also notes its hooks. */
function chat(world: ServiceWorld) {
  return class NotedChat extends ChatServer {
    override async server() {
      await world.note(`server of ${this.webSocketId}`);
      await super.server();
    }
    override async onPostServer() {
      await super.onPostServer();
      await world.note(`onPostServer of ${this.webSocketId}`);
    }
  };
}

/** Posts to everyone, and requests the cleanup of connections that are gone. */
const broadcast = (world: ServiceWorld) =>
  new Service('chat', { backend: world.backend, serverFunction: 'server' }).deliver('news', {
    slowMilliseconds: 3_000,
    pendingMilliseconds: 100,
  });

const askToSettle = (id: string) => (world: ServiceWorld) =>
  world.backend.invoker.invoke('server', { type: 'settle', members: [{ service: 'chat', webSocketId: id }] });

const sweep = (world: ServiceWorld) => world.backend.invoker.invoke('server', { type: 'sweep' });

const upkeep = async (service: Service) => new UserList(service).mend();

interface List {
  Users: { User: string }[];
  Revision: number;
}

/** The names on the list that each live client goes by must be the names of the members. */
function wrongListsBy(goesBy: (lists: List[]) => List | undefined) {
  return (world: ServiceWorld): string | undefined => {
    const members = world.table
      .items()
      .filter(({ pk, sk }) => pk === 'CHANNEL#chat#*' && sk.startsWith('MEMBER#'));
    const expected = members.flatMap(({ user }) => user ?? []).sort();
    for (const id of world.clients.keys()) {
      if (!world.isLive(id)) continue;
      const lists = world.gateway.received(id).filter((frame) => frame.includes('"userlist"'));
      const list = goesBy(lists.map((frame) => JSON.parse(frame)));
      const heard = (list?.Users ?? []).map(({ User }) => User).sort();
      if (heard.join() !== expected.join()) {
        return `${id} heard last of [${heard}], but [${expected}] are online.`;
      }
    }
    return undefined;
  };
}

const wrongLists = wrongListsBy((lists) => lists.at(-1));
/** If a post may take seconds, it may arrive after a later one, so the revision decides. */
const wrongListsByRevision = wrongListsBy((lists) => lists.sort((a, b) => a.Revision - b.Revision).at(-1));

/** A connection that set a name still has it: no late copy has undone the change. */
function wrongName(world: ServiceWorld): string | undefined {
  const anchor = world.table.items().find(({ sk }) => sk.startsWith('MEMBER#'));
  return world.happened.includes('named') && anchor?.user !== 'A' ? 'a has lost its name.' : undefined;
}

export const cases: Record<string, Scenario> = {
  'a connection opens while somebody suspects that it has gone, and time passes': {
    makeServerClass: recorder,
    clients: { a: {} },
    others: { suspects: askToSettle('a') },
    budget: { stalls: 1, slowAnswers: 1 },
    largerBudget: { stalls: 2, slowAnswers: 2, ticks: 1 },
  },
  'a connection opens and closes while somebody posts': {
    makeServerClass: recorder,
    clients: { a: { leaves: 'told or not' } },
    others: { broadcast },
    budget: { slowAnswers: 1 },
    largerBudget: { stalls: 1, slowAnswers: 1 },
  },
  'a connection opens and closes, and an invocation dies': {
    makeServerClass: recorder,
    clients: { a: { leaves: 'told or not', mayStay: true } },
    budget: { crashes: 1 },
    largerBudget: { crashes: 2 },
  },
  'a connection opens at one host before another': {
    makeServerClass: recorder,
    clients: { a: { leaves: 'told or not', mayStay: true } },
    others: { broadcast },
    budget: { staleHosts: 1 },
    largerBudget: { staleHosts: 2, ticks: 1 },
  },
  'a handshake takes longer than server() waits': {
    large: true,
    makeServerClass: recorder,
    clients: { a: { leaves: 'told or not', mayStay: true } },
    budget: { ticks: 14 },
    largerBudget: { ticks: 14, crashes: 1 },
  },
  'a handshake does not finish, and copies of calls come late': {
    makeServerClass: recorder,
    clients: { a: { leavesEarly: true } },
    goesWrong: 'CONNECTION#a / CONNECTION',
    budget: { ticks: 1, lateCopies: 1 },
  },
  'settlement is asked for twice': {
    makeServerClass: recorder,
    clients: { a: { connected: true, leaves: 'told or not' } },
    others: { 'first asks': askToSettle('a'), 'second asks': askToSettle('a') },
  },
  'settlement is asked for during a sweep': {
    makeServerClass: recorder,
    clients: { a: { connected: true, leaves: 'told' } },
    others: { asks: askToSettle('a'), sweep },
    largerBudget: { crashes: 1 },
  },
  'the settler dies between any two calls': {
    makeServerClass: recorder,
    clients: { a: { connected: true, leaves: 'told or not' } },
    others: { asks: askToSettle('a') },
    budget: { crashes: 1 },
    largerBudget: { crashes: 2 },
  },
  'a settler stalls longer than its lease': {
    makeServerClass: recorder,
    clients: { a: { connected: true, leaves: 'told or not' } },
    others: { asks: askToSettle('a') },
    budget: { stalls: 2 },
    largerBudget: { stalls: 2, crashes: 1, lateCopies: 1 },
  },
  'answers are lost, and calls repeated': {
    makeServerClass: recorder,
    clients: { a: { leaves: 'told', mayStay: true } },
    budget: { repeats: 1 },
    largerBudget: { repeats: 2 },
  },
  'copies of calls come late': {
    makeServerClass: recorder,
    clients: { a: { leaves: 'told', mayStay: true } },
    budget: { lateCopies: 1 },
    largerBudget: { lateCopies: 2 },
  },
  'a connection names itself, and copies of calls come late': {
    makeServerClass: named,
    clients: { a: { sends: ['A'] } },
    budget: { lateCopies: 1 },
    wrongAtRest: wrongName,
  },
  'a rename and a departure': {
    makeServerClass: chat,
    upkeep,
    clients: {
      a: { connected: true, sends: ['{"User":"A"}'], leaves: 'told' },
      b: { connected: true },
    },
    largerBudget: { crashes: 1 },
    wrongAtRest: wrongLists,
  },
  'two renames': {
    makeServerClass: chat,
    upkeep,
    clients: {
      a: { connected: true, sends: ['{"User":"A"}'] },
      b: { connected: true, sends: ['{"User":"B"}'] },
    },
    budget: { ticks: 1 },
    largerBudget: { ticks: 2, lateCopies: 1 },
    wrongAtRest: wrongListsByRevision,
  },
  'two renames, and the poster dies': {
    makeServerClass: chat,
    upkeep,
    clients: {
      a: { connected: true, sends: ['{"User":"A"}'] },
      b: { connected: true, sends: ['{"User":"B"}'] },
    },
    budget: { crashes: 1 },
    largerBudget: { crashes: 2 },
    wrongAtRest: wrongLists,
  },
  'a newcomer hears of a rename, though a host does not know it yet': {
    makeServerClass: chat,
    upkeep,
    clients: { a: { connected: true, sends: ['{"User":"A"}'] }, b: {} },
    budget: { staleHosts: 1 },
    largerBudget: { staleHosts: 2, ticks: 1 },
    wrongAtRest: wrongLists,
  },
};
