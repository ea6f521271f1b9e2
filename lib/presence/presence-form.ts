/** How those who are present are told: as whole lists, or as differences between them. */
import type { Member } from '../connections/connection-items';
import type { Value } from '../table/item';

/** What is told of the members of a channel, entry by entry. */
export interface PresenceForm<Entry> {
  /** What a list says of the members, in order. Members are sorted by the time at which they were identified. */
  entriesOf(members: Member[]): Entry[];
  encodeList(list: PresenceList<Entry>): string;
  /** Tells differences to those who have a list already. @default each change is told as a whole list */
  differences?: {
    userOf(entry: Entry): string;
    encode(difference: PresenceDifference<Entry>): string;
  };
}

export interface PresenceList<Entry> {
  entries: Entry[];
  /** How many there are beyond those that fit into a frame. */
  more: number;
  /** Grows with each change: of two lists, the later one has the greater. */
  revision: number;
}

export interface PresenceDifference<Entry> {
  /** Whoever has come, and whoever is told of otherwise than before. */
  joined: Entry[];
  /** Users of whom no connection is left. */
  left: string[];
  /** Whoever has an older list than of this revision must ask for a new one. */
  since: number;
  revision: number;
}

/** A user with all of its connections to a channel. */
export interface PresentUser {
  user: string;
  info?: Value;
  /** When the first of its connections came, in milliseconds since the epoch. */
  since: number;
  connections: number;
}

/** Users in the order in which they came. A connection that nobody has identified is not among them. */
export function presentUsers(members: Iterable<Member>): PresentUser[] {
  const users = new Map<string, PresentUser>();
  for (const { user, info, since: joinedAt, acceptedAt } of members) {
    if (user === undefined) continue;
    const since = joinedAt ?? acceptedAt;
    const known = users.get(user);
    // Of several connections, the one that came first says what is known of the user.
    const isFirst = !known || since < known.since;
    const told = isFirst ? { ...(info !== undefined && { info }), since } : {};
    users.set(user, { user, ...known, ...told, connections: (known?.connections ?? 0) + 1 } as PresentUser);
  }
  return [...users.values()].sort((a, b) => a.since - b.since || (a.user < b.user ? -1 : 1));
}

/** What a channel's members are told of each other. */
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
    encodeList: ({ entries: users, more, revision }) =>
      encode(channel, { revision, users, ...(more > 0 && { more }) }),
    ...(tells === 'differences' && {
      differences: { userOf: ({ user }) => user, encode: (difference) => encode(channel, difference) },
    }),
  };
}
