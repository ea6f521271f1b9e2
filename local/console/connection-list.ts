/** The console's list of open connections: newest first, and at most a page of them. */
import type { Connection } from '../gateway/connection';
import type { Activity } from './activity';
import { userOf } from './gateway-activity';
import { beginningOf, withoutSecrets, withoutSecretValues } from './hidden-secrets';

export const SHOWN_CONNECTIONS = 200;

export interface ListedConnection {
  id: string;
  api: string;
  stage: string;
  from: string;
  userAgent?: string;
  /** The user, according to an authorizer or IAM. */
  user?: string;
  authorizer?: Record<string, string>;
  /** Milliseconds since the epoch. */
  connectedAt: number;
  lastActiveAt: number;
  /** The number of frames from and to the client. */
  received: number;
  sent: number;
}

export interface ConnectionList {
  total: number;
  /** How many connections match the search. */
  found: number;
  shown: ListedConnection[];
}

/** A search for connections. */
export interface Wanted {
  /** Part of an id, a stage, an address, a user or a user agent. Empty for all. */
  text: string;
  /** Further connections to include: those of users that only the app's library knows. */
  ids: ReadonlySet<string>;
}

export function connectionList(
  connections: Connection[],
  activity: Activity,
  { text, ids }: Wanted,
): ConnectionList {
  const part = text.toLowerCase();
  const isWanted = (one: Connection) => ids.has(one.connectionId) || textOf(one).includes(part);
  const found = part === '' ? connections : connections.filter(isWanted);
  const shown = found.slice(-SHOWN_CONNECTIONS).reverse();
  return {
    total: connections.length,
    found: found.length,
    shown: shown.map((one) => listed(one, activity)),
  };
}

function textOf(connection: Connection): string {
  const { connectionId, stage, identity } = connection;
  const parts = [connectionId, stage.stageName, identity.sourceIp, userOf(connection), identity.userAgent];
  return parts.join('\n').toLowerCase();
}

function listed(connection: Connection, activity: Activity): ListedConnection {
  const { connectionId, stage, identity, authorizer, connectedAt, lastActiveAt } = connection;
  const { received = 0, sent = 0 } = activity.connections.get(connectionId) ?? {};
  const user = userOf(connection);
  return {
    ...{ id: connectionId, api: stage.apiId, stage: stage.stageName, from: identity.sourceIp },
    ...(identity.userAgent !== undefined && { userAgent: withoutSecrets(beginningOf(identity.userAgent)) }),
    ...(user !== undefined && { user: withoutSecrets(beginningOf(user)) }),
    ...(authorizer && { authorizer: withoutSecretValues(authorizer) }),
    ...{ connectedAt, lastActiveAt, received, sent },
  };
}
