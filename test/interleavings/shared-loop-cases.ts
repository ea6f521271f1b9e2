/**
 * `server()` of a shared socket as a loop that reads: it is handed over, crashes, and runs twice while messages
 * arrive.
 */
import { WebSocketServer } from '../../lib';
import { itemOf, times } from './invariants';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

/** The loop is handed over after 4 s. */
const SHORT_LIMIT_MILLISECONDS = 14_000;

function loop(world: ServiceWorld) {
  return class SharedLoop extends WebSocketServer {
    override async server() {
      await world.note(`server of ${this.webSocketId} begins`);
      for await (const message of this.messages()) {
        await world.note(`${this.webSocketId} handled ${message}`);
        if (message === 'bye') return;
      }
    }
    override async onPostServer() {
      await world.note(`onPostServer of ${this.webSocketId}`);
    }
  };
}

function wrongNow(world: ServiceWorld): string | undefined {
  for (const [id, { script }] of world.clients) {
    for (const text of script.sends ?? []) {
      if (times(world, `${id} handled ${text}`) > 1) return `${text} of ${id} was handled twice.`;
    }
  }
  return undefined;
}

/**
 * Every connected client has a loop, unless the loop ended by itself. Every message that the gateway accepted was
 * handled, except for losses by a crash.
 */
function wrongAtRest(world: ServiceWorld): string | undefined {
  const now = world.backend.clock.now();
  for (const [id, { taken, state }] of world.clients) {
    if (state !== 'open') continue;
    const row = itemOf(world, id, 'CONNECTION');
    const runs = row?.started !== undefined && Number(row.startedUntil) >= now;
    const hasEnded = times(world, `${id} handled bye`) > 0;
    if (!runs && !hasEnded) return `${id} is connected, but nobody runs its loop.`;
    const missed = taken.filter((text) => times(world, `${id} handled ${text}`) === 0);
    if (missed.length > 0 && !world.hadCrash && !hasEnded) return `${missed} of ${id} was never handled.`;
  }
  return undefined;
}

/** A request that Lambda delivers twice, or a sweep that saw no running loop. */
const wakes = (world: ServiceWorld) =>
  world.backend.invoker.invoke('server', { type: 'server', webSocketId: 'a' });

const looping = {
  makeServerClass: loop,
  polls: true,
  waitsBefore: 1,
  serverLimitMilliseconds: SHORT_LIMIT_MILLISECONDS,
  goesWrong: 'CONNECTION#a / CONNECTION',
  wrongNow,
  wrongAtRest,
} satisfies Partial<Scenario>;

export const sharedLoopCases: Record<string, Scenario> = {
  'a loop is handed over while a message comes': {
    ...looping,
    clients: { a: { connected: true, sends: ['m'] } },
    budget: { waits: 2 },
    largerBudget: { waits: 3, crashes: 1 },
  },
  'a loop is asked for twice, and dies': {
    ...looping,
    clients: { a: { connected: true, sends: ['m'] } },
    others: { wakes },
    budget: { crashes: 1, waits: 1 },
    largerBudget: { crashes: 2, waits: 2 },
  },
  'a loop is handed over while its client leaves, and copies of calls come late': {
    large: true,
    ...looping,
    clients: { a: { connected: true, leaves: 'told', mayStay: true } },
    budget: { waits: 2, lateCopies: 1 },
  },
  'a loop ends by itself, and copies of calls come late': {
    large: true,
    ...looping,
    clients: { a: { connected: true, sends: ['bye'], leaves: 'told', mayStay: true } },
    budget: { waits: 1, lateCopies: 1 },
  },
};
