/** The inbox: several processes read while messages arrive and the client leaves. */
import { SharedConnection, WebSocketClosedError, WebSocketServer } from '../../lib';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

/** Leaves its messages to any reader. */
function inbox(world: ServiceWorld) {
  return class Inbox extends WebSocketServer {
    override async onPostServer() {
      await world.note(`onPostServer of ${this.webSocketId}`);
    }
  };
}

/**
 * Reads until no more messages arrive. A reader that was already waiting then, and was not too late, must have
 * received everything.
 */
const reader = (name: string, timeoutSeconds: number) => async (world: ServiceWorld) => {
  const socket = await SharedConnection.open('a', { backend: world.backend }).catch(() => undefined);
  if (!socket) return;
  try {
    for (;;) world.outcomes.push(`${name} got ${await socket.read({ timeoutSeconds })}`);
  } catch (error) {
    if (error instanceof WebSocketClosedError) world.outcomes.push(`${name} waited to the end`);
  }
};

function timesRead(world: ServiceWorld, text: string): number {
  return world.outcomes.filter((outcome) => outcome.endsWith(` got ${text}`)).length;
}

function isUnread(world: ServiceWorld, text: string): boolean {
  return world.table.items().some(({ sk, body }) => sk.startsWith('MESSAGE#') && body === text);
}

function wrongNow(world: ServiceWorld): string | undefined {
  for (const text of world.clients.get('a')?.script.sends ?? []) {
    if (timesRead(world, text) > 1) return `${text} was read twice.`;
  }
  return undefined;
}

/** Every message that the gateway accepted was read or can be read. A reader that crashed may have lost it. */
function wrongAtRest(world: ServiceWorld): string | undefined {
  for (const text of world.clients.get('a')?.taken ?? []) {
    const isThere = isUnread(world, text);
    if (timesRead(world, text) === 0 && !isThere && !world.hadCrash) return `${text} was lost.`;
    if (timesRead(world, text) > 0 && isThere) return `${text} was read, and is there again.`;
    if (isThere && world.outcomes.includes('one waited to the end'))
      return `${text} was taken, but the reader was told that nothing more comes.`;
  }
  return undefined;
}

const read = {
  makeServerClass: inbox,
  polls: true,
  wrongNow,
  wrongAtRest,
} satisfies Partial<Scenario>;

export const inboxCases: Record<string, Scenario> = {
  'two read from one inbox': {
    ...read,
    clients: { a: { connected: true, sends: ['m', 'n'] } },
    others: { one: reader('one', 1), another: reader('another', 1) },
    budget: { waits: 1 },
    largerBudget: { waits: 1, crashes: 1 },
  },
  'two read from one inbox, and a call is repeated': {
    ...read,
    clients: { a: { connected: true, sends: ['m'] } },
    others: { one: reader('one', 1), another: reader('another', 1) },
    budget: { repeats: 1 },
    largerBudget: { repeats: 2, waits: 1 },
  },
  'a message is read, and copies of calls come late': {
    ...read,
    clients: { a: { connected: true, sends: ['m'] } },
    others: { one: reader('one', 1), another: reader('another', 1) },
    budget: { lateCopies: 1 },
    largerBudget: { lateCopies: 2, waits: 1 },
  },
  'one waits for messages while the client sends and leaves, and handlers are slow': {
    large: true,
    ...read,
    clients: { a: { connected: true, sends: ['m'], leaves: 'told' } },
    others: { one: reader('one', 90) },
    slow: true,
    budget: { lags: 1, waits: 1 },
    largerBudget: { lags: 2, waits: 2, crashes: 1 },
  },
  'a reader dies': {
    ...read,
    clients: { a: { connected: true, sends: ['m', 'n'], leaves: 'told' } },
    others: { one: reader('one', 1) },
    slow: true,
    budget: { crashes: 1, waits: 1 },
    largerBudget: { crashes: 2, waits: 1 },
  },
};
