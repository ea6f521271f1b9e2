/** Dedicated sockets: their owners crash, stall and hand over while messages arrive and the client leaves. */
import { WebSocketServer } from '../../lib';
import type { Resumption } from '../../lib/server/server-hooks';
import { itemOf, times } from './invariants';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

/** Long enough to wait for the lease of a crashed owner. The loop is handed over after 32 s. */
const SHORT_LIMIT_MILLISECONDS = 42_000;
/** No loop is handed over. */
const LONG_LIMIT_MILLISECONDS = 600_000;

/** Handles each message as a step that it may crash before. The message `bye` ends the loop. */
function loop(world: ServiceWorld) {
  return class Loop extends WebSocketServer {
    override sharedConnection = false;

    override server(resumed?: Resumption) {
      return world.loops.run(this.webSocketId, resumed === undefined, async () => {
        for await (const message of this.messages()) {
          await world.note(`${this.webSocketId} handled ${message}`);
          if (message === 'bye') return;
        }
      });
    }
    override async onPostServer() {
      await world.loops.depart(this.webSocketId);
    }
  };
}

/** Returns immediately, and so closes the socket. */
function brief(world: ServiceWorld) {
  return class Brief extends loop(world) {
    override server(resumed?: Resumption) {
      return world.loops.run(this.webSocketId, resumed === undefined, async () => {});
    }
  };
}

/** Without a crash or a stall, no message is handled twice. */
function wrongNow(world: ServiceWorld): string | undefined {
  if (world.hadCrash || world.hadStall) return undefined;
  for (const [id, { script }] of world.clients) {
    for (const text of script.sends ?? []) {
      if (times(world, `${id} handled ${text}`) > 1) return `${text} of ${id} was handled twice.`;
    }
  }
  return undefined;
}

/** Every message that the gateway accepted was handled, and every connected client has an owner. */
function wrongAtRest(world: ServiceWorld): string | undefined {
  for (const [id, { taken, state }] of world.clients) {
    for (const text of taken) {
      if (times(world, `${id} handled ${text}`) === 0) return `${text} of ${id} was never handled.`;
    }
    const row = itemOf(world, id, 'OWNER');
    const isOwned = row?.owner !== undefined && Number(row.until) >= world.backend.clock.now() && !row.ending;
    if (state === 'open' && !isOwned) return `${id} is connected, but nobody owns its socket.`;
  }
  return undefined;
}

/** A message's handler that finds no owner, or a request that Lambda delivers twice. */
const wakes = (world: ServiceWorld) =>
  world.backend.invoker.invoke('server', { type: 'server', webSocketId: 'a' });

const dedicated = {
  makeServerClass: loop,
  polls: true,
  serverLimitMilliseconds: SHORT_LIMIT_MILLISECONDS,
  wrongNow,
  wrongAtRest,
} satisfies Partial<Scenario>;

/** An owner has started, and waits for messages. */
const running = { ...dedicated, waitsBefore: 0 } satisfies Partial<Scenario>;

export const dedicatedCases: Record<string, Scenario> = {
  'a dedicated socket opens, sends and closes': {
    large: true,
    ...dedicated,
    serverLimitMilliseconds: LONG_LIMIT_MILLISECONDS,
    clients: { a: { sends: ['m'], leaves: 'told' } },
    slow: true,
    budget: { waits: 1 },
    largerBudget: { waits: 2, crashes: 1 },
  },
  'a dedicated socket opens while a host is slow': {
    ...dedicated,
    serverLimitMilliseconds: LONG_LIMIT_MILLISECONDS,
    clients: { a: {} },
    slow: true,
    budget: { lags: 1, slowAnswers: 1 },
    largerBudget: { lags: 2, slowAnswers: 1, waits: 1 },
  },
  'a dedicated socket does not open': {
    ...dedicated,
    serverLimitMilliseconds: LONG_LIMIT_MILLISECONDS,
    clients: { a: { leaves: 'told' } },
    budget: { crashes: 1, slowAnswers: 1 },
    largerBudget: { crashes: 1, slowAnswers: 1, waits: 1 },
  },
  'a dedicated socket does not open, and copies of calls come late': {
    large: true,
    ...dedicated,
    serverLimitMilliseconds: LONG_LIMIT_MILLISECONDS,
    clients: { a: {} },
    others: { wakes },
    goesWrong: 'CONNECTION#a / OWNER',
    slow: true,
    budget: { crashes: 1, stalls: 1, lateCopies: 1 },
  },
  'an owner dies': {
    ...running,
    clients: { a: { connected: true, sends: ['m'], leaves: 'told' } },
    budget: { crashes: 1, waits: 1 },
    largerBudget: { crashes: 2, waits: 2 },
  },
  'an owner dies, and its client stays': {
    ...running,
    clients: { a: { connected: true, sends: ['m'] } },
    budget: { crashes: 1, waits: 3 },
    largerBudget: { crashes: 2, waits: 4 },
  },
  'an owner stalls longer than its lease': {
    ...dedicated,
    serverLimitMilliseconds: LONG_LIMIT_MILLISECONDS,
    clients: { a: { connected: true, hasSent: ['m'] } },
    others: { wakes },
    othersBeginAfterStall: true,
    slow: true,
    budget: { stalls: 1 },
  },
  'an owner stalls at the end of its loop': {
    ...dedicated,
    makeServerClass: brief,
    serverLimitMilliseconds: LONG_LIMIT_MILLISECONDS,
    clients: { a: { connected: true } },
    others: { wakes },
    othersBeginAfterStall: true,
    slow: true,
    largerBudget: { stalls: 1 },
  },
  'an owner hands over while a message comes': {
    ...running,
    waitsBefore: 2,
    clients: { a: { connected: true, sends: ['m'] } },
    budget: { waits: 2 },
    largerBudget: { waits: 2, crashes: 1 },
  },
  'an owner hands over while its client leaves': {
    ...running,
    waitsBefore: 2,
    clients: { a: { connected: true, leaves: 'told' } },
    budget: { waits: 2 },
    largerBudget: { waits: 2, crashes: 1 },
  },
  'an owner hands over while a message comes and its client leaves': {
    large: true,
    ...running,
    waitsBefore: 2,
    clients: { a: { connected: true, sends: ['m'], leaves: 'told or not' } },
    slow: true,
    budget: { waits: 2 },
  },
  'an owner is not told that its client has gone': {
    ...running,
    clients: { a: { connected: true, sends: ['m'], leaves: 'told or not' } },
    budget: { waits: 1 },
    largerBudget: { waits: 2, crashes: 1 },
  },
  'a loop ends by itself, and an invocation dies': {
    ...running,
    clients: { a: { connected: true, sends: ['bye'], leaves: 'told or not' } },
    budget: { crashes: 1 },
    largerBudget: { crashes: 2, waits: 1 },
  },
  'answers to an owner are lost, and calls repeated': {
    ...running,
    clients: { a: { connected: true, sends: ['m'], leaves: 'told' } },
    budget: { repeats: 1 },
    largerBudget: { repeats: 2, waits: 1 },
  },
  'copies of calls come late to an owner': {
    ...running,
    clients: { a: { connected: true, sends: ['m'], leaves: 'told' } },
    budget: { lateCopies: 1 },
    largerBudget: { lateCopies: 1, waits: 2 },
  },
  'an owner keeps its lease, and copies of calls come late': {
    ...running,
    clients: { a: { connected: true, leaves: 'told' } },
    slow: true,
    budget: { lateCopies: 1, waits: 1 },
    largerBudget: { lateCopies: 2, waits: 1 },
  },
};
