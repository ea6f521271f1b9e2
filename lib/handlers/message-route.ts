/** `$default`: counts a client's message, and hands it to `onClientMessage` or keeps it for a reader. */
import { ConnectionAttributes } from '../attributes/connection-attributes';
import { identityFoundBy, identityOf, isSameIdentity } from '../connections/identity';
import { ifConnected } from '../connections/if-connected';
import { Admissions } from '../limits/admissions';
import type { Admission } from '../limits/message-rate';
import { userPk } from '../limits/user-connections';
import type { AnyServer } from '../server/server-class';
import { overrides } from '../server/server-hooks';
import { serveClientMessage } from './client-messages';
import type { LambdaContext, MessageEvent, RouteResult } from './events';
import type { IncomingMessages } from './incoming-messages';
import type { KnownConnections } from './known-connections';
import { routeContext } from './route-context';
import type { ServiceFunction } from './service-function';

export class MessageRoute {
  readonly #admissions: Admissions;
  readonly #userAdmissions: Admissions;

  constructor(
    private readonly shared: ServiceFunction,
    private readonly known: KnownConnections,
    private readonly messages: IncomingMessages,
  ) {
    const { limits, serviceName } = shared;
    const { table } = shared.backend;
    this.#admissions = new Admissions(limits, table);
    this.#userAdmissions = new Admissions({ ...limits.perUser, counted: limits.counted }, table, (user) =>
      userPk(serviceName, user),
    );
  }

  async run(event: MessageEvent, context: LambdaContext): Promise<RouteResult> {
    const { ServerClass } = this.shared;
    const { connectionId, requestTimeEpoch } = event.requestContext;
    const messages = ServerClass.costOf?.(event.body ?? '') ?? 1;
    const admission = await this.#admissions.admit(connectionId, requestTimeEpoch, messages);
    const ofUser = admission.taken ? await this.#admitOfUser(event, messages) : admission;
    if (!ofUser.taken) {
      if (ofUser.refused !== undefined) await this.#tellRefused(event, context, ofUser.refused);
      return { statusCode: 429 };
    }
    if (!overrides(ServerClass, 'onClientMessage')) {
      await this.messages.keep(event);
      return { statusCode: 200 };
    }
    const { body = '' } = event;
    await this.#serve(event, context, (server) => serveClientMessage(ServerClass, server, body));
    return { statusCode: 200 };
  }

  /** Forgets how many messages a closed connection has sent. */
  forget(webSocketId: string): void {
    this.#admissions.forget(webSocketId);
  }

  async #admitOfUser({ requestContext }: MessageEvent, messages: number): Promise<Admission> {
    const { connectionId, requestTimeEpoch, authorizer } = requestContext;
    if (this.shared.limits.perUser.messagesPerSecond === Number.POSITIVE_INFINITY) return { taken: true };
    const known = await this.known.connection(connectionId);
    const { user } = { ...identityFoundBy(authorizer), ...identityOf(known) };
    return user === undefined
      ? { taken: true }
      : this.#userAdmissions.admit(user, requestTimeEpoch, messages);
  }

  /** Runs a hook of a server object with the connection's session, user and attributes. */
  async #serve(
    event: MessageEvent,
    context: LambdaContext,
    hook: (server: AnyServer) => Promise<void>,
  ): Promise<void> {
    const { ServerClass, backend } = this.shared;
    const { connectionId, authorizer } = event.requestContext;
    const known = await this.known.connection(connectionId);
    const attributes = new ConnectionAttributes(connectionId, known, backend);
    const sessionId = authorizer?.principalId || known.sessionId;
    const identity = { ...identityFoundBy(authorizer), ...identityOf(known) };
    const serverContext = {
      ...routeContext(this.shared, 'onClientMessage', event, context, sessionId, identity),
      ...{ attributes: attributes.values, keeper: attributes, authorizer },
    };
    const server = new ServerClass(serverContext);
    try {
      await hook(server);
    } finally {
      const isIdentified = !isSameIdentity(serverContext.member, identity);
      const isChanged = attributes.revision !== (known.attributesRevision ?? 0);
      if (isIdentified || isChanged) this.known.forget(connectionId);
    }
  }

  /** Notifies the client, unless it has disconnected. */
  async #tellRefused(event: MessageEvent, context: LambdaContext, refused: number): Promise<void> {
    const { limits } = this.shared;
    const { connectionId } = event.requestContext;
    console.warn(
      `WebSocket ${connectionId} exceeded its limits of ${limits.messagesPerSecond} messages a second and ${limits.burst} at once. Refused: ${refused}.`,
    );
    const notice = this.#serve(event, context, async (server) => {
      await server.onMessagesRefused(refused);
      await server.saveAttributes();
      if (limits.excess === 'close') await server.end();
    });
    await ifConnected(notice);
  }
}
