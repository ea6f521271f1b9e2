/** The open connections as the console lists them: the newest first, some of many. */
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
  /** Whom it belongs to, as an authorizer or IAM says. */
  user?: string;
  authorizer?: Record<string, string>;
  /** Milliseconds since the epoch. */
  connectedAt: number;
  lastActiveAt: number;
  /** Frames from the client, and to it. */
  received: number;
  sent: number;
}

export interface ConnectionList {
  total: number;
  /** How many contain what is looked for. */
  found: number;
  shown: ListedConnection[];
}

/** Which connections are looked for. */
export interface Wanted {
  /** Part of an id, a stage, an address, a user or a user agent; empty for all. */
  text: string;
  /** These, too: of users that only the app's library knows. */
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
