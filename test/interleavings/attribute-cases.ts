/** Attributes: concurrent messages of one client change them while the client leaves. */
import { WebSocketServer } from '../../lib';
import { itemOf } from './invariants';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

/** Each message notes its arrival. */
function noting(world: ServiceWorld) {
  return class Noting extends WebSocketServer {
    override async onClientMessage(text: string) {
      this.attributes[text] = true;
    }
    override async onPostServer() {
      await world.note(`onPostServer of ${this.webSocketId}`);
    }
  };
}

/** What a message has noted is there as long as the client is. */
function wrongAtRest(world: ServiceWorld): string | undefined {
  for (const [id, { taken }] of world.clients) {
    if (!world.isLive(id)) continue;
    const attributes = itemOf(world, id, 'CONNECTION')?.attributes ?? {};
    const lost = taken.filter((text) => !(text in Object(attributes)));
    if (lost.length > 0) return `${lost} of ${id} is lost.`;
  }
  return undefined;
}

const noted = {
  makeServerClass: noting,
  freshEnvironments: true,
  goesWrong: 'CONNECTION#a / CONNECTION',
  wrongAtRest,
} satisfies Partial<Scenario>;

const talking = { connected: true, sends: ['x', 'y', 'z'], sideBySide: true };

export const attributeCases: Record<string, Scenario> = {
  'three messages change them': {
    ...noted,
    clients: { a: talking },
    budget: { repeats: 1 },
    largerBudget: { repeats: 1, crashes: 1 },
  },
  'three messages change them, and copies of calls come late': {
    ...noted,
    clients: { a: talking },
    budget: { lateCopies: 1 },
    largerBudget: { lateCopies: 2 },
  },
  'a message changes them while the client leaves, and copies of calls come late': {
    ...noted,
    clients: { a: { connected: true, sends: ['x'], leaves: 'told', mayStay: true } },
    budget: { lateCopies: 1 },
    largerBudget: { lateCopies: 1, crashes: 1 },
  },
  'a message changes them while the connection is being accepted late': {
    ...noted,
    clients: { a: { sends: ['x'], leaves: 'told or not', mayStay: true } },
    budget: { lateCopies: 1 },
  },
};
