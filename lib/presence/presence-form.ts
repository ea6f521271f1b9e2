/** How presence is sent: as whole lists, or as differences. */
import type { Member } from '../connections/connection-items';
import type { KnownIdentity } from '../connections/identity';
import type { Value } from '../table/item';

/** What is sent about the members of a channel, entry by entry. */
export interface PresenceForm<Entry> {
  /** A list of the members, in order. Members are sorted by the time of their identification. */
  entriesOf(members: Member[]): Entry[];
  /** The keys of the entries that change if this connection comes or goes. @default none, so nothing is sent */
  keysOf?(member: KnownIdentity & { webSocketId: string }): string[];
  /** Members get differences only, and never a list. @default false */
  sendsNoLists?: boolean;
  /** One frame or several; none if no list is sent. */
  encodeList(list: PresenceList<Entry>): string | string[];
  /** Sends differences to members that already have a list. @default each change is sent as a whole list */
  differences?: {
    keyOf(entry: Entry): string;
    encode(difference: PresenceDifference<Entry>): string | string[];
  };
}

/** The form in which a channel's members learn who is in it. */
export type PresenceFormOf = (channel: string, tells: 'lists' | 'differences') => PresenceForm<unknown>;

export interface PresenceList<Entry> {
  entries: Entry[];
  /** How many there are beyond those that fit into a frame. */
  more: number;
  /** Grows with each change. */
  revision: number;
}

export interface PresenceDifference<Entry> {
  /** Entries that are new, or have changed. */
  joined: Entry[];
  /** The keys of entries that are no longer there. */
  left: string[];
  /** A client whose list is older than this revision must request a new one. */
  since: number;
  revision: number;
}

/** A user with all of its connections to a channel. */
export interface PresentUser {
  user: string;
  info?: Value;
  /** When the first of its connections joined, in milliseconds since the epoch. */
  since: number;
  connections: number;
}

/** Users in the order of joining. Connections without a user are left out. */
export function presentUsers(members: Iterable<Member>): PresentUser[] {
  const users = new Map<string, PresentUser>();
  for (const { user, info, since: joinedAt, acceptedAt } of members) {
    if (user === undefined) continue;
    const since = joinedAt ?? acceptedAt;
    const known = users.get(user);
    // If a user has several connections, the first one's info is used.
    const isFirst = !known || since < known.since;
    const told = isFirst ? { ...(info !== undefined && { info }), since } : {};
    users.set(user, { user, ...known, ...told, connections: (known?.connections ?? 0) + 1 } as PresentUser);
  }
  return [...users.values()].sort((a, b) => a.since - b.since || (a.user < b.user ? -1 : 1));
}

/** What a channel's members are sent about each other. */
export type PresenceNews =
  | { revision: number; users: PresentUser[]; more?: number }
  | { revision: number; since: number; joined: PresentUser[]; left: string[] };

export type PresenceFrame = (channel: string, news: PresenceNews) => string;

export const defaultPresenceFrame: PresenceFrame = (channel, presence) =>
  JSON.stringify({ channel, presence });

/** A channel's members as users, in the frames of its server class. */
export function channelForm(
  channel: string,
  tells: 'lists' | 'differences',
  encode: PresenceFrame = defaultPresenceFrame,
): PresenceForm<PresentUser> {
  return {
    entriesOf: presentUsers,
    keysOf: ({ user }) => (user === undefined ? [] : [user]),
    encodeList: ({ entries: users, more, revision }) =>
      encode(channel, { revision, users, ...(more > 0 && { more }) }),
    ...(tells === 'differences' && {
      differences: { keyOf: ({ user }) => user, encode: (difference) => encode(channel, difference) },
    }),
  };
}
