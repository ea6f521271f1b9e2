/**
 * Cases of channels: one connection enters and leaves a channel concurrently, while another process publishes and the
 * connection closes.
 */
import { WebSocketServer } from '../../lib';
import { CHANNEL, does } from './channel-deeds';
import { lastly, wrongAtRest, wrongIfNotLetIn, wrongNow, wrongWithoutSubscriber } from './channel-sides';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

/** Its clients ask to subscribe. */
function listener(world: ServiceWorld) {
  return class Listener extends WebSocketServer {
    override async onClientMessage() {
      await this.subscribe(CHANNEL);
    }
    override async onPostServer() {
      await world.note(`onPostServer of ${this.webSocketId}`);
    }
  };
}

/** Its clients are subscribed when they connect. */
function open(world: ServiceWorld) {
  return class Open extends listener(world) {
    override async onPreServer() {
      await this.subscribe(CHANNEL);
    }
  };
}

const channel = { makeServerClass: listener, wrongNow, wrongAtRest, lastly } satisfies Partial<Scenario>;

const outside = { connected: true };
const inside = { connected: true, hasSent: ['let me in'] };

export const channelCases: Record<string, Scenario> = {
  'two subscribe': {
    ...channel,
    clients: { a: outside },
    others: { one: does('subscribe'), another: does('subscribe') },
    budget: { crashes: 1, repeats: 1, lateCopies: 1 },
    largerBudget: { crashes: 2, repeats: 2, lateCopies: 2 },
  },
  'one subscribes while another unsubscribes': {
    ...channel,
    clients: { a: outside },
    others: { one: does('subscribe'), another: does('unsubscribe') },
    budget: { crashes: 1, repeats: 1 },
    largerBudget: { crashes: 2, lateCopies: 1 },
  },
  'one subscribes what another unsubscribes': {
    ...channel,
    clients: { a: inside },
    others: { one: does('subscribe'), another: does('unsubscribe') },
    budget: { lateCopies: 1 },
    largerBudget: { crashes: 1, lateCopies: 2 },
  },
  'two unsubscribe': {
    ...channel,
    clients: { a: inside },
    others: { one: does('unsubscribe'), another: does('unsubscribe') },
    budget: { crashes: 1, repeats: 1, lateCopies: 1 },
    largerBudget: { crashes: 2, repeats: 2, lateCopies: 2 },
  },
  'two subscribe while a third unsubscribes': {
    ...channel,
    clients: { a: outside },
    others: { one: does('subscribe'), another: does('subscribe'), third: does('unsubscribe') },
    largerBudget: { repeats: 1, crashes: 1 },
  },
  'one subscribes twice while another unsubscribes twice': {
    ...channel,
    clients: { a: outside },
    others: { one: does('subscribe', 'subscribe'), another: does('unsubscribe', 'unsubscribe') },
    largerBudget: { crashes: 1 },
  },
  'one subscribes and another unsubscribes while the client leaves': {
    ...channel,
    clients: { a: { ...outside, leaves: 'told' } },
    others: { one: does('subscribe'), another: does('unsubscribe') },
    slow: true,
    budget: {},
    largerBudget: { crashes: 1 },
  },
  'one subscribes twice and another unsubscribes twice while the client leaves': {
    ...channel,
    clients: { a: { ...outside, leaves: 'told' } },
    others: { one: does('subscribe', 'subscribe'), another: does('unsubscribe', 'unsubscribe') },
    slow: true,
    largerBudget: {},
  },
  'one subscribes while the client leaves': {
    ...channel,
    clients: { a: { ...outside, leaves: 'told or not' } },
    others: { one: does('subscribe') },
    budget: { crashes: 1, repeats: 1 },
    largerBudget: { crashes: 1, lateCopies: 1 },
  },
  'one unsubscribes while a publication finds that the client has gone': {
    ...channel,
    clients: { a: { ...inside, leaves: 'told or not' } },
    others: { one: does('unsubscribe'), another: does('publish') },
    wrongAtRest: wrongWithoutSubscriber,
    budget: { crashes: 1 },
    largerBudget: { crashes: 1, lateCopies: 1 },
  },
  'one suspects that the client has gone, and an invocation dies': {
    ...channel,
    clients: { a: { ...inside, leaves: 'told or not', mayStay: true } },
    others: { one: does('suspect') },
    wrongAtRest: wrongWithoutSubscriber,
    budget: { crashes: 1 },
    largerBudget: { crashes: 2, repeats: 1 },
  },
  'one publishes while another subscribes': {
    ...channel,
    clients: { a: { ...outside, leaves: 'told or not', mayStay: true } },
    others: { one: does('publish'), another: does('subscribe', 'tell') },
    largerBudget: { crashes: 1 },
  },
  'one publishes twice while a subscriber dies': {
    ...channel,
    clients: { a: { ...outside, leaves: 'told' } },
    others: { one: does('publish', 'publish'), another: does('subscribe', 'tell') },
    slow: true,
    largerBudget: { crashes: 1 },
  },
  'a client is let in as it connects, and leaves early': {
    ...channel,
    makeServerClass: open,
    wrongAtRest: wrongIfNotLetIn,
    clients: { a: { leavesEarly: true, leaves: 'told or not', mayStay: true } },
    slow: true,
    budget: { crashes: 1, repeats: 1 },
    largerBudget: { crashes: 1, repeats: 2 },
  },
  'a client is let in as it connects, leaves early, and copies of calls come late': {
    large: true,
    ...channel,
    makeServerClass: open,
    wrongAtRest: wrongIfNotLetIn,
    clients: { a: { leavesEarly: true } },
    slow: true,
    budget: { lateCopies: 1 },
  },
};
