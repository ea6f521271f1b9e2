/** Checks what each member has received of a log: all lines in order, each once, or its connection is closed. */
import type { Item } from '../../lib/table/item';
import { itemOf } from './invariants';
import { LOGGED } from './log-deeds';
import type { ServiceWorld } from './service-world';

interface Told {
  offset: number;
  recovered?: boolean;
  data?: unknown;
}

/** A client's position: the offset up to which it has received everything; `undefined` before the first line. */
function heard(world: ServiceWorld, id: string): { at: number | undefined; wrong?: string } {
  const skipped = new Set(
    entries(world)
      .filter(({ data }) => data === undefined)
      .map(offsetOf),
  );
  let at: number | undefined;
  const told = world.gateway.received(id).flatMap((frame) => frame.split('\n'));
  for (const text of told) {
    const { offset, recovered, data } = JSON.parse(text) as Told;
    if (data === undefined) {
      // The cases request everything since the beginning.
      at = recovered ? 0 : offset;
      continue;
    }
    if (at !== undefined && offset <= at) return { at, wrong: `${id} has heard ${offset} after ${at}.` };
    for (let between = (at ?? offset - 1) + 1; between < offset; between++) {
      if (!skipped.has(between)) return { at, wrong: `${id} has heard ${offset}, but not ${between}.` };
    }
    at = offset;
  }
  return { at };
}

function entries({ table }: ServiceWorld): Item[] {
  return table.items().filter(({ pk, sk }) => pk === `LOG#chat#${LOGGED}` && sk.startsWith('ENTRY#'));
}

function offsetOf({ sk }: Item): number {
  return Number(sk.slice('ENTRY#'.length));
}

function rowOf({ table }: ServiceWorld, kind: string, id: string): Item | undefined {
  const isOf = ({ pk, sk }: Item) =>
    pk.endsWith(`#${LOGGED}`) && sk.startsWith(`${kind}#`) && sk.endsWith(`#${id}`);
  return table.items().find(isOf);
}

export function wrongNow(world: ServiceWorld): string | undefined {
  for (const {
    pk,
    sk,
    epoch,
    poster,
    posted,
    token,
    data,
    skipped,
    state,
    expiresAt,
  } of world.table.items()) {
    if (sk === 'LOG' && epoch === undefined) return `A ghost of a log: ${pk}`;
    if (
      sk.startsWith('POSTER#') &&
      (posted === undefined || (poster !== undefined && expiresAt === undefined))
    ) {
      return 'A ghost of a poster';
    }
    if (sk.startsWith('JOIN#') && token === undefined) return 'A ghost of a join';
    if (sk.startsWith('ENTRY#') && data === undefined && skipped === undefined) return 'A ghost of a line';
    if (sk.startsWith('CHANNEL#') && (state === undefined || expiresAt === undefined))
      return 'A ghost of a membership';
  }
  for (const id of world.clients.keys()) {
    const client = world.clients.get(id);
    if (client?.state === 'new') continue;
    const { wrong } = heard(world, id);
    if (wrong) return wrong;
    const wentWrong = world.hadCrash || world.hadStall || world.hadLateCopy || world.mayHang;
    if (client?.wasClosed && !wentWrong) return `${id} was disconnected, but nothing had gone wrong.`;
  }
  return wrongAcknowledged(world);
}

/** Lines that were acknowledged as published are in the log. */
function wrongAcknowledged(world: ServiceWorld): string | undefined {
  const there = new Set(
    entries(world)
      .filter(({ data }) => data !== undefined)
      .map(offsetOf),
  );
  for (const outcome of world.outcomes) {
    const offset = /^published (\d+)$/.exec(outcome)?.[1];
    if (offset !== undefined && !there.has(Number(offset)))
      return `${offset} was published, and is not there.`;
  }
  return undefined;
}

/** Every connected client in the channel has received everything, and nothing is pending. */
export function wrongAtRest(world: ServiceWorld): string | undefined {
  const last = Math.max(
    0,
    ...entries(world)
      .filter(({ data }) => data !== undefined)
      .map(offsetOf),
  );
  for (const id of world.clients.keys()) {
    if (!world.isLive(id)) {
      const isSettled = itemOf(world, id, 'CONNECTION')?.done === true;
      if (isSettled && rowOf(world, 'MEMBER', id) && !world.hadLateCopy && !world.hadCrash)
        return `${id} has gone, but is a member.`;
      continue;
    }
    const membership = itemOf(world, id, `CHANNEL#${LOGGED}`);
    const member = rowOf(world, 'MEMBER', id);
    if (rowOf(world, 'JOIN', id) && !world.hadLateCopy) return `${id} still waits for its position.`;
    const isToldIn = world.outcomes.includes('joined') && !world.outcomes.includes('unsubscribing');
    if ((membership?.state === 'in' || isToldIn) && !member && !world.hadCrash)
      return `${id} is in the channel, but no member.`;
    if (member?.cut) return `${id} was to be cut, but is open.`;
    if (member && membership?.state !== 'in' && !world.hadCrash && !world.hadLateCopy)
      return `${id} is a member, but not in the channel.`;
    if (!member || membership?.state !== 'in') continue;
    if (member.token !== undefined && member.from === undefined) {
      // If two clients join concurrently, the later process may crash before it requests the position for both.
      if (isToldIn && !world.hadCrash) return `${id} has joined, but was never admitted.`;
      continue;
    }
    const { at } = heard(world, id);
    if (member.from !== undefined && (at ?? 0) < last)
      return `${id} is a member, but has heard up to ${at} of ${last}.`;
  }
  return undefined;
}
