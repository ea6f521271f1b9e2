/** Invariants of a service in every order: at each step, and at the end. */
import type { Item } from '../../lib/table/item';
import type { ServiceWorld } from './service-world';
import { sessionId, sessionsAmong } from './session-watch';

/** What is wrong at this step, if anything. */
export function wrongNow(world: ServiceWorld): string | undefined {
  for (const { pk, sk, callbackUrl, epoch, sentAt } of world.table.items()) {
    if (callbackUrl === undefined && sk === 'CONNECTION') return `A ghost of a connection: ${pk}`;
    if (callbackUrl === undefined && sk.startsWith('MEMBER#')) return `A ghost of a member: ${sk}`;
    if (epoch === undefined && sk === 'OWNER') return `A ghost of an owner: ${pk}`;
    if (sentAt === undefined && sk.startsWith('MESSAGE#')) return `A ghost of a message: ${sk}`;
  }
  for (const id of world.clients.keys()) {
    if (world.isLive(id) && connectionOf(world, id)?.state !== 'open') {
      return `${id} is connected, but its connection counts as closed.`;
    }
    if (!world.hadCrash && times(world, `onPostServer of ${id}`) > 1)
      return `onPostServer of ${id} ran twice.`;
  }
  for (const session of sessionsAmong(world.table.items())) {
    const wrong = wrongSession(world, session);
    if (wrong) return wrong;
  }
  return undefined;
}

function wrongSession(world: ServiceWorld, { pk, sockets }: Item): string | undefined {
  const id = sessionId(pk);
  const members = (sockets ?? []) as string[];
  if (times(world, `${id} ends too early`) > 0) return `Session ${id} ended though it had sockets.`;
  for (const member of members) {
    const connection = connectionOf(world, member);
    if (!connection || connection.done === true) return `Session ${id} has ${member}, which is no more.`;
  }
  if (
    !world.hadCrash &&
    times(world, `onSessionEnd of ${id}`) > times(world, `${id} loses its last socket`)
  ) {
    return `onSessionEnd of ${id} ran more often than it lost its last socket.`;
  }
  return undefined;
}

/** What is wrong at the end, after Lambda's retries and two sweeps, if anything. */
export function wrongAtEnd(world: ServiceWorld): string | undefined {
  for (const [id, { state, openedAt }] of world.clients) {
    const wrong = state === 'open' ? wrongOfLive(world, id) : wrongOfGone(world, id, openedAt > 0);
    if (wrong) return wrong;
  }
  for (const { pk, sockets, ending } of sessionsAmong(world.table.items())) {
    const id = sessionId(pk);
    const live = [...world.clients].filter(
      ([socket, { script }]) => script.session === id && world.isLive(socket),
    );
    const expected = live.map(([socket]) => socket).sort();
    if (String(sockets ?? []) !== String(expected))
      return `Session ${id} has [${sockets}] and not [${expected}].`;
    if (ending) return `Session ${id} has ended, but onSessionEnd was never through.`;
    // In the existing cases, every socket uses it.
    const ended = world.happened.lastIndexOf(`${id} ends`);
    if (!sockets && ended < world.happened.lastIndexOf(`${id} loses its last socket`)) {
      return `Session ${id} has lost its last socket, but did not end.`;
    }
    if (times(world, `onSessionEnd of ${id}`) < times(world, `${id} ends`)) {
      return `onSessionEnd of ${id} ran less often than it ended.`;
    }
  }
  return undefined;
}

function wrongOfLive(world: ServiceWorld, id: string): string | undefined {
  const anchor = anchorOf(world, id);
  if (!anchor || anchor.left) return `${id} is connected, but no member of its service.`;
  const runs = times(world, `server of ${id}`);
  const hasLoop = times(world, `server of ${id} begins`) > 0;
  if (runs === 0 && !hasLoop && world.has('server')) return `${id} is connected, but server() never ran.`;
  return runs > 1 && !world.hadCrash ? `server() of ${id} ran ${runs} times.` : undefined;
}

function wrongOfGone(world: ServiceWorld, id: string, wasOpen: boolean): string | undefined {
  if (anchorOf(world, id)) return `${id} has gone, but its anchor is still there.`;
  // A connection whose handshake failed before it had an anchor is left until its time to live ends.
  if (!wasOpen) return undefined;
  const connection = connectionOf(world, id);
  if (connection && connection.done !== true) return `${id} has gone, but was never settled to the end.`;
  if (world.has('onPostServer') && times(world, `onPostServer of ${id}`) === 0)
    return `${id} has gone, but onPostServer never ran.`;
  const owner = itemOf(world, id, 'OWNER');
  if (owner && connection && Number(owner.expiresAt) > Number(connection.expiresAt))
    return `${id} has gone, but its owner's row outlives its closed mark.`;
  return undefined;
}

function connectionOf(world: ServiceWorld, id: string): Item | undefined {
  return itemOf(world, id, 'CONNECTION');
}

export function itemOf(world: ServiceWorld, id: string, row: string): Item | undefined {
  return world.table.items().find(({ pk, sk }) => pk === `CONNECTION#${id}` && sk === row);
}

function anchorOf(world: ServiceWorld, id: string): Item | undefined {
  return world.table
    .items()
    .find(({ pk, sk }) => pk === 'CHANNEL#chat#*' && sk.startsWith('MEMBER#') && sk.endsWith(`#${id}`));
}

export function times(world: ServiceWorld, what: string): number {
  return world.happened.filter((other) => other === what).length;
}
