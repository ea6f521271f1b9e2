/**
 * A delivery that is split over workers: workers and their caller crash, hand over and run twice, and every client
 * must receive it.
 */
import { Service, WebSocketServer } from '../../lib';
import { type DeliveryCounts, membersIn } from '../../lib/delivery/delivery-report';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

const ROOM = 'room';
const TEXT = 'hello';

function room(world: ServiceWorld) {
  return class Room extends WebSocketServer {
    override async onClientMessage() {
      await this.subscribe(ROOM);
    }
    override async onPostServer() {
      await world.note(`onPostServer of ${this.webSocketId}`);
    }
  };
}

/** The first member is the caller's. The others belong to `workers` workers. */
const publishes = (maxWorkers: number) => async (world: ServiceWorld) => {
  const service = new Service('chat', { backend: world.backend });
  const { id } = await service.publish(ROOM, TEXT, {
    ...{ inlineMembers: 1, workerMembers: 1, maxWorkers, concurrency: 1, waitMilliseconds: 0 },
  });
  world.outcomes.push(`delivering ${id}`);
};

/** After the request, every client receives it, and only once unless a process crashed or a copy arrived late. */
function wrongNow(world: ServiceWorld): string | undefined {
  for (const id of world.clients.keys()) {
    if (world.clients.get(id)?.state === 'new') continue;
    const times = world.gateway.received(id).length;
    if (times > 1 && !world.hadCrash && !world.hadLateCopy) return `${id} has got it ${times} times.`;
  }
  return undefined;
}

function wrongAtRest(world: ServiceWorld): string | undefined {
  if (world.outcomes.length === 0) return undefined;
  for (const id of world.clients.keys()) {
    if (world.isLive(id) && world.gateway.received(id).length === 0) return `${id} has never got it.`;
  }
  const shares = world.table.items().filter(({ sk }) => sk.startsWith('SHARE#'));
  const counted = shares.reduce((sum, { counts }) => sum + membersIn(counts as unknown as DeliveryCounts), 0);
  if (shares.some(({ done }) => done !== true)) return 'A share is not done.';
  const expected = world.clients.size - 1;
  return counted === expected ? undefined : `The report counts ${counted} of ${expected}.`;
}

const inside = { connected: true, hasSent: ['enter'] };

const delivery = {
  makeServerClass: room,
  others: { caller: publishes(1) },
  wrongNow,
  wrongAtRest,
} satisfies Partial<Scenario>;

export const fanOutCases: Record<string, Scenario> = {
  'two workers': {
    ...delivery,
    clients: { a: inside, b: inside, c: inside },
    others: { caller: publishes(2) },
    largerBudget: { crashes: 1, repeats: 1 },
  },
  'one of two workers dies': {
    ...delivery,
    large: true,
    clients: { a: inside, b: inside, c: inside },
    others: { caller: publishes(2) },
    budget: { crashes: 1 },
    largerBudget: { crashes: 2 },
  },
  'a worker writes down how far it is, and dies': {
    ...delivery,
    clients: { a: inside, b: inside, c: inside },
    budget: { lags: 1, crashes: 1 },
    largerBudget: { lags: 2, crashes: 2 },
  },
  'a worker hands over, and dies': {
    ...delivery,
    clients: { a: inside, b: inside, c: inside },
    serverLimitMilliseconds: 20_000,
    budget: { lags: 1, crashes: 1 },
    largerBudget: { lags: 2, crashes: 1 },
  },
  'a worker hands over, and answers are lost': {
    ...delivery,
    clients: { a: inside, b: inside, c: inside },
    serverLimitMilliseconds: 20_000,
    budget: { lags: 1, repeats: 1 },
    largerBudget: { lags: 2, repeats: 2 },
  },
  'a worker hands over, and copies of calls come late': {
    ...delivery,
    clients: { a: inside, b: inside, c: inside },
    serverLimitMilliseconds: 20_000,
    budget: { lags: 1, lateCopies: 1 },
    largerBudget: { lags: 2, lateCopies: 1 },
  },
  'a worker writes down how far it is, and copies of calls come late': {
    ...delivery,
    clients: { a: inside, b: inside, c: inside, d: inside },
    budget: { lags: 1, lateCopies: 1 },
    largerBudget: { lags: 2, lateCopies: 1 },
  },
};
