/** What must hold of a service in every order: at each step, and at the end when everything that was to happen has happened. */
import type { Item } from '../../lib/table/item';
import type { ServiceWorld } from './service-world';

/** What is wrong at this step, if anything. */
export function wrongNow(world: ServiceWorld): string | undefined {
  for (const { pk, sk, callbackUrl } of world.table.items()) {
    if (callbackUrl === undefined && sk === 'CONNECTION') return `A ghost of a connection: ${pk}`;
    if (callbackUrl === undefined && sk.startsWith('MEMBER#')) return `A ghost of a member: ${sk}`;
  }
  for (const id of world.clients.keys()) {
    if (world.isLive(id) && connectionOf(world, id)?.state !== 'open') {
      return `${id} is connected, but its connection counts as closed.`;
    }
    if (!world.hadCrash && times(world, `onPostServer of ${id}`) > 1)
      return `onPostServer of ${id} ran twice.`;
  }
  return undefined;
}

/** What is wrong at the end, after Lambda's retries and two sweeps. */
export function wrongAtEnd(world: ServiceWorld): string | undefined {
  for (const [id, { state }] of world.clients) {
    const wrong = state === 'open' ? wrongOfLive(world, id) : wrongOfGone(world, id, state === 'gone');
    if (wrong) return wrong;
  }
  return undefined;
}

function wrongOfLive(world: ServiceWorld, id: string): string | undefined {
  const anchor = anchorOf(world, id);
  if (!anchor || anchor.left) return `${id} is connected, but no member of its service.`;
  const runs = times(world, `server of ${id}`);
  if (runs === 0) return `${id} is connected, but server() never ran.`;
  return runs > 1 && !world.hadCrash ? `server() of ${id} ran ${runs} times.` : undefined;
}

function wrongOfGone(world: ServiceWorld, id: string, wasOpen: boolean): string | undefined {
  if (anchorOf(world, id)) return `${id} has gone, but its anchor is still there.`;
  // A connection whose handshake failed before it had an anchor is left to its time to live.
  if (!wasOpen) return undefined;
  const connection = connectionOf(world, id);
  if (connection && connection.done !== true) return `${id} has gone, but was never settled to the end.`;
  if (times(world, `onPostServer of ${id}`) === 0) return `${id} has gone, but onPostServer never ran.`;
  return undefined;
}

function connectionOf(world: ServiceWorld, id: string): Item | undefined {
  return world.table.items().find(({ pk, sk }) => pk === `CONNECTION#${id}` && sk === 'CONNECTION');
}

function anchorOf(world: ServiceWorld, id: string): Item | undefined {
  return world.table.items().find(({ sk }) => sk.startsWith('MEMBER#') && sk.endsWith(`#${id}`));
}

function times(world: ServiceWorld, what: string): number {
  return world.happened.filter((other) => other === what).length;
}
