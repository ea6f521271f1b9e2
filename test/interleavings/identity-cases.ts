/** Identities: concurrent messages of one client identify it, while it joins a channel and leaves. */
import { WebSocketServer } from '../../lib';
import { does } from './channel-deeds';
import { itemOf } from './invariants';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

/** Its clients identify themselves. */
function introduced(world: ServiceWorld) {
  return class Introduced extends WebSocketServer {
    override async onClientMessage(user: string) {
      if (await this.identify({ user })) world.outcomes.push(`is ${user}`);
    }
    override async onPostServer() {
      await world.note(`onPostServer of ${this.webSocketId}`);
    }
  };
}

/** All rows of a connected client have the same user, and the last identification is not lost. */
function wrongAtRest(world: ServiceWorld): string | undefined {
  if (!world.isLive('a')) return undefined;
  const user = itemOf(world, 'a', 'CONNECTION')?.user;
  if (world.outcomes.includes('is B') && user !== 'B') return `a said that it is B, but goes by ${user}.`;
  const members = world.table.items().filter(({ sk }) => sk.startsWith('MEMBER#') && sk.endsWith('#a'));
  const other = members.find((member) => member.user !== user);
  return other && `a is ${user}, but ${other.pk} says that it is ${other.user}.`;
}

const talking = { connected: true, sends: ['A', 'B'], sideBySide: true };

export const identityCases: Record<string, Scenario> = {
  'two messages say who it is': {
    makeServerClass: introduced,
    clients: { a: talking },
    budget: { repeats: 1, lateCopies: 1 },
    largerBudget: { repeats: 2, lateCopies: 2 },
    wrongAtRest,
  },
  'it says who it is while somebody puts it into a channel': {
    makeServerClass: introduced,
    clients: { a: { connected: true, sends: ['A'] } },
    others: { one: does('subscribe') },
    budget: { repeats: 1 },
    largerBudget: { repeats: 2 },
    wrongAtRest,
  },
  'two messages say who it is while it is in a channel': {
    large: true,
    makeServerClass: introduced,
    clients: { a: talking },
    others: { one: does('subscribe') },
    wrongAtRest,
  },
  'it says who it is while it leaves': {
    makeServerClass: introduced,
    clients: { a: { connected: true, sends: ['A'], leaves: 'told', mayStay: true } },
    budget: { lateCopies: 1, crashes: 1 },
    goesWrong: 'CONNECTION#a / CONNECTION',
  },
};
