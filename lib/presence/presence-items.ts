/**
 * The rows of a channel's list of members, besides the members themselves.
 *
 * CHANNEL#{service}#{channel} / LIST                 `rev` counts the changes, `posted` is the last one that was sent; a lease
 * CHANNEL#{service}#{channel} / CHANGE#{rev}         which entries changed, for differences
 * PRESENCE#{service} / {channel}                     sweeps check this channel's list
 * PRESENCE#{service} / #                             the channel at which the last sweep had to stop, if it had to
 */
import { channelPk } from '../connections/connection-items';
import type { Item, Key } from '../table/item';

const DIGITS = 15;

/** For one change. */
export interface Change {
  /** The keys of entries: users, unless the form says otherwise. */
  users: string[];
  /** A connection that has joined, and has no list yet. */
  newcomer?: string;
}

export function listKey(service: string, channel: string): Key {
  return { pk: channelPk(service, channel), sk: 'LIST' };
}

export const CHANGE_PREFIX = 'CHANGE#';

export function changeKey(pk: string, rev: number): Key {
  return { pk, sk: CHANGE_PREFIX + String(rev).padStart(DIGITS, '0') };
}

export function revOfChange({ sk }: Key): number {
  return Number(sk.slice(CHANGE_PREFIX.length));
}

export function registryPk(service: string): string {
  return `PRESENCE#${service}`;
}

/** The revision that clients see. If the row of a list expires, the new list starts above all earlier revisions. */
export function revisionOf({ rev, base }: Item, at = rev as number): number {
  return ((base as number | undefined) ?? 0) + at;
}
