/** How a client connects, and renews its token: `connect` and `refresh`. */
import { assertClientChannel } from '../channels/client-requests';
import type { Position } from '../channels/log/log-items';
import { type Identity, isSameIdentity } from '../connections/identity';
import { acceptConnect } from './accepted-connect';
import type { ConnectionLifetime } from './connection-lifetime';
import type { ConnectRequest } from './protocol';
import { disconnections } from './realtime-errors';
import type { RealtimeHooks } from './realtime-hooks';
import type { Replies } from './replies';
import { type SubscriptionCommands, sinceOf } from './subscription-commands';

/** What clients take for the version of the server. */
const VERSION = 'shared-connection';

export interface ConnectionCollaborators {
  server: RealtimeHooks;
  lifetime: ConnectionLifetime;
  subscriptions: SubscriptionCommands;
  replies: Replies;
  /** Of the client's frame. */
  messageId: string;
}

export class ConnectionCommands {
  constructor(private readonly with_: ConnectionCollaborators) {}

  /** The answer goes first: what the server's subscriptions bring comes after it. */
  async connect(id: number, request: ConnectRequest): Promise<undefined> {
    const { server, lifetime, subscriptions, replies, messageId } = this.with_;
    if (lifetime.hasBegun) throw disconnections.badRequest('connect came twice');
    const { user, info, data, channels = [], expiresAt } = await server.onConnect(request);
    if (!(await acceptConnect(server.service, server.webSocketId, messageId)))
      throw disconnections.badRequest('connect came twice');
    const identity = user !== undefined && { user, ...(info !== undefined && { info }) };
    const isKnown = !identity || isSameIdentity(identity, server);
    if (isKnown || (await server.identify(identity))) lifetime.noteInfo();
    await lifetime.begin(expiresAt);
    const subs: Record<string, object> = {};
    const logged: { channel: string; since?: Position }[] = [];
    for (const channel of channels) {
      assertClientChannel(channel);
      const since = sinceOf(request.subs?.[channel]);
      if (!subscriptions.hasLog(channel)) {
        await subscriptions.enter(channel);
        subs[channel] = {};
        continue;
      }
      logged.push({ channel, ...(since && { since }) });
      // The missed lines follow. If they are lost, the subscription ends and starts again.
      const recovering = { recoverable: true, positioned: true, was_recovering: true, recovered: true };
      if (since) subs[channel] = { ...recovering, ...since };
    }
    replies.add({
      id,
      connect: {
        client: server.webSocketId,
        version: VERSION,
        ...(data !== undefined && { data }),
        ...(Object.keys(subs).length > 0 && { subs }),
        ...lifetime.until(expiresAt),
      },
    });
    await replies.flush();
    for (const { channel, since } of logged) await subscriptions.enterForServer(channel, since);
  }

  async refresh(token: string | undefined): Promise<object> {
    const { server, lifetime } = this.with_;
    if (!token) throw disconnections.badRequest('refresh has no token');
    const { expiresAt, info } = await server.onRefresh({ token });
    if (info !== undefined && server.user !== undefined) await this.#renewInfo({ user: server.user, info });
    await lifetime.renew(expiresAt);
    return { client: server.webSocketId, version: VERSION, ...lifetime.until(expiresAt) };
  }

  /**
   * The user is in the row of each channel, so what has not changed is not written, unless an earlier info did not reach all
   * rows.
   */
  async #renewInfo(identity: Identity): Promise<void> {
    const { server, lifetime } = this.with_;
    const { isInfoInAllRows } = lifetime;
    if (isInfoInAllRows && isSameIdentity(identity, server)) return;
    // If this one fails too, the connection may have the info again that all rows had before the first failure.
    if (!isInfoInAllRows) await lifetime.forgetInfo();
    if (await server.identify(identity)) lifetime.noteInfo();
  }
}
