/** The small cases of channels that are explored: a connection enters and leaves one, side by side, while somebody publishes and it goes. */
import { Service, WebSocketServer } from '../../lib';
import { channelPk, type Member } from '../../lib/connection-items';
import type { Item } from '../../lib/table/item';
import { itemOf } from './invariants';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

const CHANNEL = 'news';
const MEMBERSHIP = `CHANNEL#${CHANNEL}`;

/** Its clients ask to be let in. */
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

/** Its clients are let in as they connect. */
function open(world: ServiceWorld) {
  return class Open extends listener(world) {
    override async onPreServer() {
      await this.subscribe(CHANNEL);
    }
  };
}

function serviceOf({ backend }: ServiceWorld): Service {
  return new Service('chat', { backend, serverFunction: 'server' });
}

/** As whoever serves a message of the client has it; it connected long ago. */
const a: Member = {
  webSocketId: 'a',
  callbackUrl: 'https://abcdef1234.execute-api.us-east-1.amazonaws.com/chat',
  service: 'chat',
  serverFunction: 'server',
  acceptedAt: 0,
  left: false,
};

const publish = (world: ServiceWorld) =>
  serviceOf(world).publish(CHANNEL, 'news', { slowMilliseconds: 3_000, pendingMilliseconds: 100 });

const deeds = {
  async subscribe(world: ServiceWorld) {
    if (await serviceOf(world).channels.subscribe(a, CHANNEL)) world.outcomes.push('subscribed');
  },
  /** From here on a publication must reach it. What one process learns from another is a step of its own. */
  async tell(world: ServiceWorld) {
    if (world.outcomes.includes('subscribed')) await world.note('subscribed, and everybody knows');
  },
  async unsubscribe(world: ServiceWorld) {
    world.outcomes.push('unsubscribing');
    await serviceOf(world).channels.unsubscribe(a, CHANNEL);
  },
  async publish(world: ServiceWorld) {
    let isIn = false;
    await world.note('a publication begins', () => {
      isIn = world.happened.includes('subscribed, and everybody knows');
    });
    await publish(world);
    if (isIn) world.outcomes.push('published to a');
  },
  async suspect({ backend }: ServiceWorld) {
    const members = [{ service: 'chat', webSocketId: 'a', channel: CHANNEL }];
    await backend.invoker.invoke('server', { type: 'settle', members });
  },
};

/** A process that does one thing after the other. */
const does =
  (...names: (keyof typeof deeds)[]) =>
  async (world: ServiceWorld) => {
    for (const name of names) await deeds[name](world);
  };

/** A subscription has been acknowledged, and nobody has begun to take it back. */
function isAcknowledged({ outcomes }: ServiceWorld): boolean {
  return outcomes.includes('subscribed') && !outcomes.includes('unsubscribing');
}

function membersAmong(items: Item[]): Item[] {
  return items.filter(({ pk }) => pk === channelPk('chat', CHANNEL));
}

function wrongNow(world: ServiceWorld): string | undefined {
  const membership = itemOf(world, 'a', MEMBERSHIP);
  return membership && membership.expiresAt === undefined ? 'A ghost of a membership' : undefined;
}

/** There is a member where there is a membership of an open connection, and nothing else. */
function wrongSides(world: ServiceWorld): string | undefined {
  const membership = itemOf(world, 'a', MEMBERSHIP);
  const isOpen = itemOf(world, 'a', 'CONNECTION')?.state === 'open';
  const isIn = isOpen && membership?.state === 'in';
  const isMember = membersAmong(world.table.items()).length > 0;
  if (isMember && !isIn) return 'a is not in the channel, but among its members.';
  if (isIn && !isMember) return 'a is in the channel, but not among its members.';
  if (membership && !isOpen) return 'a has gone, but not its membership.';
  if (membership && !isIn) return `a is still ${membership.state}.`;
  if (isOpen && !isIn && isAcknowledged(world)) return 'a was told that it is in the channel, but is not.';
  return undefined;
}

/** A death, or a copy that comes late, may leave the sides apart. */
function isSpoilt(world: ServiceWorld): boolean {
  return world.hadCrash || world.hadLateCopy;
}

function wrongAtRest(world: ServiceWorld): string | undefined {
  const hasMissed = world.outcomes.includes('published to a') && world.gateway.received('a').length === 0;
  if (hasMissed && world.isLive('a')) return 'a was subscribed and stayed, but missed the news.';
  return isSpoilt(world) ? undefined : wrongSides(world);
}

/** Only the death of a subscriber may leave a member that has gone: a dead settler is followed by the sweep. */
function wrongWithoutSubscriber(world: ServiceWorld): string | undefined {
  return world.isLive('a') ? wrongAtRest(world) : wrongSides(world);
}

function wrongIfNotLetIn(world: ServiceWorld): string | undefined {
  if (world.isLive('a') && !itemOf(world, 'a', MEMBERSHIP)) return 'a is connected, but was not let in.';
  return wrongAtRest(world);
}

/** Whatever has happened: the next deed brings the sides together; and when everybody has gone, the next publication takes what is left. */
async function lastly(world: ServiceWorld): Promise<string | undefined> {
  if (world.isLive('a')) {
    const isThere = itemOf(world, 'a', MEMBERSHIP) || membersAmong(world.table.items()).length > 0;
    const next = isThere ? 'unsubscribe' : 'subscribe';
    await deeds[next](world);
    const wrong = wrongSides(world);
    if (wrong) return `${wrong} The next deed, ${next}, has not mended that.`;
    await world.leaveAtRest('a');
  }
  const { gone } = await publish(world);
  if (gone > 0 && !isSpoilt(world)) return 'a has gone, but was still a member.';
  await world.rest();
  if (membersAmong(world.table.items()).length > 0)
    return 'a has gone, but its member outlived a publication.';
  return itemOf(world, 'a', MEMBERSHIP) && !isSpoilt(world)
    ? 'a has gone, but not its membership.'
    : undefined;
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
    budget: { crashes: 1, repeats: 1 },
    largerBudget: { crashes: 1, repeats: 2 },
  },
  'a client is let in as it connects, leaves early, and copies of calls come late': {
    ...channel,
    makeServerClass: open,
    wrongAtRest: wrongIfNotLetIn,
    clients: { a: { leavesEarly: true } },
    budget: { lateCopies: 1 },
  },
};
