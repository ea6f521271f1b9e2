/** Reports what happens at the gateway to the console. */
import type { Clock } from '../clock';
import type { Connection } from '../gateway/connection';
import type { GatewayObserver } from '../gateway/observer';
import type { Activity } from './activity';
import type { Counted } from './console-event';
import { beginningOf } from './hidden-secrets';

export function gatewayActivity(activity: Activity, clock: Clock): GatewayObserver {
  const whereOf = ({ connectionId, stage }: Connection) => ({
    connection: connectionId,
    stage: stage.stageName,
  });
  return {
    opened(connection) {
      const user = userOf(connection);
      activity.connections.set(connection.connectionId, { received: 0, sent: 0 });
      const from = connection.identity.sourceIp;
      activity.add(
        { kind: 'opened', ...whereOf(connection), from, ...(user !== undefined && { user }) },
        'opened',
      );
    },
    refused({ path, sourceIp, status }) {
      const counts: Counted[] = status === 429 ? ['refused', 'throttled'] : ['refused'];
      activity.add({ kind: 'refused', path: beginningOf(path), from: sourceIp, status }, ...counts);
    },
    closed(connection, { code, reason }) {
      activity.connections.delete(connection.connectionId);
      const millis = clock.now() - connection.connectedAt;
      activity.add({ kind: 'closed', ...whereOf(connection), code, reason, millis }, 'closed');
    },
    received(connection, { routeKey, text }) {
      const totals = activity.connections.get(connection.connectionId);
      if (totals) totals.received += 1;
      activity.add(
        {
          ...{ kind: 'message', ...whereOf(connection), route: routeKey },
          ...{ bytes: Buffer.byteLength(text), text: beginningOf(text) },
        },
        'messages',
      );
    },
    answered(connection, { routeKey, status, frame, latencyMillis }) {
      const totals = activity.connections.get(connection.connectionId);
      if (totals && frame !== undefined) totals.sent += 1;
      activity.add(
        {
          ...{ kind: 'answer', ...whereOf(connection), route: routeKey, status, millis: latencyMillis },
          ...(frame !== undefined && { text: beginningOf(frame) }),
        },
        ...(status === 429 ? (['throttled'] as const) : status >= 500 ? (['failed'] as const) : []),
      );
    },
    called({ method, connectionId, stageName, status, body }) {
      const totals = activity.connections.get(connectionId);
      if (totals && method === 'POST' && status === 200) totals.sent += 1;
      const text = body && beginningOf(body);
      if (body && text !== undefined) {
        const post = { connection: connectionId, stage: stageName, bytes: body.length, text, status };
        activity.posts.add(post, clock.now());
      }
      activity.add(
        {
          ...{ kind: 'post', connection: beginningOf(connectionId), stage: stageName, method },
          ...(status !== undefined && { status }),
          ...(body && { bytes: body.length }),
          ...(text !== undefined && { text }),
        },
        ...countsOf(method, status),
      );
    },
  };
}

function countsOf(method: string, status: number | undefined): Counted[] {
  if (status === 410) return ['gone'];
  if (status === 429) return ['throttled'];
  if (status === undefined || status >= 500) return ['failed'];
  return method === 'POST' && status === 200 ? ['delivered'] : [];
}

/** The user of a connection, according to an authorizer or IAM. */
export function userOf({ authorizer, identity }: Connection): string | undefined {
  return authorizer?.principalId ?? identity.userArn;
}
