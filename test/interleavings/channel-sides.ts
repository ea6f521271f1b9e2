/** The two sides of a channel: its members, and the memberships of `a`. Returns what is inconsistent between them. */
import { channelPk } from '../../lib/connections/connection-items';
import type { Item } from '../../lib/table/item';
import { CHANNEL, deeds, publish } from './channel-deeds';
import { itemOf } from './invariants';
import type { ServiceWorld } from './service-world';

const MEMBERSHIP = `CHANNEL#${CHANNEL}`;

/** A subscription was acknowledged, and no process has started to undo it. */
function isAcknowledged({ outcomes }: ServiceWorld): boolean {
  return outcomes.includes('subscribed') && !outcomes.includes('unsubscribing');
}

function membersAmong(items: Item[]): Item[] {
  return items.filter(({ pk }) => pk === channelPk('chat', CHANNEL));
}

export function wrongNow(world: ServiceWorld): string | undefined {
  const membership = itemOf(world, 'a', MEMBERSHIP);
  return membership && membership.expiresAt === undefined ? 'A ghost of a membership' : undefined;
}

/** There must be a member exactly where an open connection has a membership. */
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

/** A crash or a delayed copy may leave the sides inconsistent. */
function isSpoilt(world: ServiceWorld): boolean {
  return world.hadCrash || world.hadLateCopy;
}

export function wrongAtRest(world: ServiceWorld): string | undefined {
  const hasMissed = world.outcomes.includes('published to a') && world.gateway.received('a').length === 0;
  if (hasMissed && world.isLive('a')) return 'a was subscribed and stayed, but missed the news.';
  return isSpoilt(world) ? undefined : wrongSides(world);
}

/**
 * Only the crash of a subscriber may leave a member without a connection. After a crashed cleanup, the sweep takes
 * over.
 */
export function wrongWithoutSubscriber(world: ServiceWorld): string | undefined {
  return world.isLive('a') ? wrongAtRest(world) : wrongSides(world);
}

export function wrongIfNotLetIn(world: ServiceWorld): string | undefined {
  if (world.isLive('a') && !itemOf(world, 'a', MEMBERSHIP)) return 'a is connected, but was not let in.';
  return wrongAtRest(world);
}

/**
 * After any fault, the next action makes the sides consistent. When all clients have left, the next publication
 * removes the rest.
 */
export async function lastly(world: ServiceWorld): Promise<string | undefined> {
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
