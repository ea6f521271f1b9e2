/**
 * API Gateway's three routes: `$connect` decides on the handshake, `$default` handles messages, `$disconnect` reports
 * the end.
 */

import { ConnectionAttributes } from '../attributes/connection-attributes';
import { ChannelStore } from '../channels/channel-store';
import type { Member } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import { identityFoundBy, identityOf, isSameIdentity, type KnownIdentity } from '../connections/identity';
import { dedicatedConnection, messagesTo } from '../dedicated/dedication';
import { OwnershipStore } from '../dedicated/ownership';
import { Settlement } from '../departures/settlement';
import { WebSocketClosedError, WebSocketOpeningError } from '../errors';
import type { JwtIdentity } from '../identity/jwt-identity';
import { Admissions } from '../limits/admissions';
import type { Admission } from '../limits/message-rate';
import { userPk } from '../limits/user-connections';
import { ClientError } from '../messages/client-error';
import { HandshakeRefusal } from '../server/handshake-refusal';
import type { AnyServer } from '../server/server-class';
import type { ServerContext } from '../server/server-context';
import { overrides } from '../server/server-hooks';
import { Service } from '../service';
import { sessionIdOfCookie } from '../sessions/session';
import { SessionStore } from '../sessions/session-store';
import { serveClientMessage } from './client-messages';
import { cookieValue } from './cookies';
import { deadlineOf } from './deadline';
import { departureHooks, userConnections } from './departure';
import type {
  ConnectEvent,
  DisconnectEvent,
  GatewayEvent,
  LambdaContext,
  MessageEvent,
  RouteResult,
} from './events';
import { headerValues } from './headers';
import { IncomingMessages } from './incoming-messages';
import { KnownConnections } from './known-connections';
import { originAllowed } from './origins';
import type { ServiceFunction } from './service-function';

export class Routes {
  readonly #store: ConnectionStore;
  readonly #channels: ChannelStore;
  readonly #sessions: SessionStore;
  readonly #messages: IncomingMessages;
  readonly #known: KnownConnections;
  readonly #admissions: Admissions;
  readonly #userAdmissions: Admissions;
  #jwtIdentity: Promise<JwtIdentity> | undefined;

  constructor(private readonly shared: ServiceFunction) {
    this.#store = new ConnectionStore(shared.backend.table, shared.backend.clock);
    this.#channels = new ChannelStore(shared.backend.table, shared.backend.clock);
    this.#sessions = new SessionStore(shared.backend.table, shared.backend.clock);
    this.#messages = new IncomingMessages(shared);
    this.#known = new KnownConnections(shared.backend.table, shared.backend.clock);
    const { limits, serviceName } = shared;
    const { table } = shared.backend;
    this.#admissions = new Admissions(limits, table);
    this.#userAdmissions = new Admissions({ ...limits.perUser, counted: limits.counted }, table, (user) =>
      userPk(serviceName, user),
    );
  }

  async connect(event: ConnectEvent, context: LambdaContext): Promise<RouteResult> {
    const { ServerClass, backend, serverFunction } = this.shared;
    const origin = headerValues(event, 'Origin').at(-1);
    if (!originAllowed(origin, this.shared.allowedOrigins)) {
      console.warn(`A page whose origin is not allowed tried to connect: ${JSON.stringify(origin)}`);
      return { statusCode: 403 };
    }
    const identified = await this.#identify(event);
    if ('statusCode' in identified) return identified;
    const { authorizer } = identified;
    const channels = new Set<string>();
    const identity = identityFoundBy(authorizer);
    const serverContext = {
      ...this.#serverContext(
        'onPreServer',
        identified.event,
        context,
        this.#sessionId(event, authorizer),
        identity,
      ),
      ...{ channels, authorizer },
    };
    const server = new ServerClass(serverContext);
    try {
      await server.onPreServer();
    } catch (error) {
      if (error instanceof HandshakeRefusal) return { statusCode: error.statusCode };
      if (error instanceof ClientError) return { statusCode: error.status };
      throw error;
    }
    const { member, sessionId, attributes } = serverContext;
    const counted = await this.#countUser(member);
    if (counted === 'too many') return { statusCode: 429 };
    const connection = {
      ...{ ...member, ...counted, sessionId, attributes },
      messagesTo: messagesTo(ServerClass, server),
    };
    const accepted = await this.#store.accept(connection, backend.token());
    if (!accepted) return { statusCode: 500 };
    if (!(await this.#channels.subscribeAll(member, channels))) return { statusCode: 500 };
    if (sessionId !== '') {
      const endOnClose = server.sessionEndOnClose && overrides(ServerClass, 'onSessionEnd');
      if (!(await this.#sessions.join({ ...member, sessionId }, endOnClose))) return { statusCode: 500 };
    }
    if (connection.messagesTo === 'owner') await this.#ownership(member.webSocketId).create();
    await serverContext.service.presence.joined(member, channels);
    this.#messages.remember(member.webSocketId, connection.messagesTo === 'owner');
    this.#known.remember(member.webSocketId, { sessionId, attributes, ...identityOf(member) });
    if (overrides(ServerClass, 'server')) {
      await backend.invoker.invoke(serverFunction, { type: 'server', webSocketId: member.webSocketId });
    }
    const subprotocol = server.subprotocol ?? identified.subprotocol;
    return {
      statusCode: 200,
      ...(subprotocol !== undefined && { headers: { 'Sec-WebSocket-Protocol': subprotocol } }),
    };
  }

  async message(event: MessageEvent, context: LambdaContext): Promise<RouteResult> {
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
      await this.#messages.keep(event);
      return { statusCode: 200 };
    }
    const { body = '' } = event;
    await this.#serve(event, context, (server) => serveClientMessage(ServerClass, server, body));
    return { statusCode: 200 };
  }

  /** One connection more of its user, if the class limits them. */
  async #countUser({ user, webSocketId }: Member): Promise<{ countedUser?: string } | 'too many'> {
    const { connections } = this.shared.limits.perUser;
    if (user === undefined || connections === Number.POSITIVE_INFINITY) return {};
    if (await userConnections(this.shared).admit(user, webSocketId)) return { countedUser: user };
    console.warn(
      `User ${JSON.stringify(user)} has ${connections} connections already, which is the limit: one more is refused`,
    );
    return 'too many';
  }

  async #admitOfUser({ requestContext }: MessageEvent, messages: number): Promise<Admission> {
    const { connectionId, requestTimeEpoch, authorizer } = requestContext;
    if (this.shared.limits.perUser.messagesPerSecond === Number.POSITIVE_INFINITY) return { taken: true };
    const known = await this.#known.connection(connectionId);
    const { user } = { ...identityFoundBy(authorizer), ...identityOf(known) };
    return user === undefined
      ? { taken: true }
      : this.#userAdmissions.admit(user, requestTimeEpoch, messages);
  }

  /** Runs a hook for a message of a connection. */
  async #serve(
    event: MessageEvent,
    context: LambdaContext,
    hook: (server: AnyServer) => Promise<void>,
  ): Promise<void> {
    const { ServerClass, backend } = this.shared;
    const { connectionId, authorizer } = event.requestContext;
    const known = await this.#known.connection(connectionId);
    const attributes = new ConnectionAttributes(connectionId, known, backend);
    const sessionId = authorizer?.principalId || known.sessionId;
    const identity = { ...identityFoundBy(authorizer), ...identityOf(known) };
    const serverContext = {
      ...this.#serverContext('onClientMessage', event, context, sessionId, identity),
      ...{ attributes: attributes.values, keeper: attributes, authorizer },
    };
    const server = new ServerClass(serverContext);
    try {
      await hook(server);
    } finally {
      const isIdentified = !isSameIdentity(serverContext.member, identity);
      const isChanged = attributes.revision !== (known.attributesRevision ?? 0);
      if (isIdentified || isChanged) this.#known.forget(connectionId);
    }
  }

  /** If the client has disconnected, it misses this. */
  async #tellRefused(event: MessageEvent, context: LambdaContext, refused: number): Promise<void> {
    const { limits } = this.shared;
    const { connectionId } = event.requestContext;
    console.warn(
      `WebSocket ${connectionId} exceeded ${limits.messagesPerSecond} messages a second and ${limits.burst} at once: ${refused} refused`,
    );
    try {
      await this.#serve(event, context, async (server) => {
        await server.onMessagesRefused(refused);
        await server.saveAttributes();
        if (limits.excess === 'close') await server.end();
      });
    } catch (error) {
      if (!(error instanceof WebSocketClosedError) && !(error instanceof WebSocketOpeningError)) throw error;
    }
  }

  async disconnect(event: DisconnectEvent, context: LambdaContext): Promise<RouteResult> {
    const { connectionId, disconnectStatusCode: code, disconnectReason: reason } = event.requestContext;
    this.#known.forget(connectionId);
    this.#admissions.forget(connectionId);
    const settlement = new Settlement(this.shared.backend, departureHooks(this.shared, context));
    const close = { ...(code !== undefined && { code }), ...(reason !== undefined && { reason }) };
    const dedicated = await dedicatedConnection(this.shared, connectionId);
    if (dedicated) await settlement.ownerDisconnected(dedicated, close);
    else await settlement.disconnected(connectionId, close);
    return { statusCode: 200 };
  }

  #ownership(webSocketId: string): OwnershipStore {
    return new OwnershipStore(webSocketId, this.shared.backend.table, this.shared.backend.clock);
  }

  /** Who connects, if the service asks for a JWT or has an authorizer. Services without a JWT do not load its verification. */
  async #identify(
    event: ConnectEvent,
  ): Promise<
    | { event: ConnectEvent; authorizer: Record<string, unknown> | undefined; subprotocol?: string }
    | { statusCode: number }
  > {
    const { jwtEnvironment, backend } = this.shared;
    if (!jwtEnvironment) return { event, authorizer: event.requestContext.authorizer };
    this.#jwtIdentity ??= import('../identity/jwt-identity.js').then(
      (module) => new module.JwtIdentity(jwtEnvironment, backend),
    );
    const identified = await (await this.#jwtIdentity).identify(event);
    return 'claims' in identified ? { ...identified, authorizer: identified.claims } : identified;
  }

  /** The principal from an authorizer or the subject of a JWT, else the session cookie's hash, else empty. */
  #sessionId(event: ConnectEvent, authorizer: Record<string, unknown> = {}): string {
    const { serviceName, sessionCookie } = this.shared;
    const principalId = authorizer.principalId ?? authorizer.sub;
    if (typeof principalId === 'string' && principalId !== '') return principalId;
    const cookie = sessionCookie && cookieValue(event, sessionCookie);
    return cookie ? sessionIdOfCookie(serviceName, cookie) : '';
  }

  #serverContext(
    hook: ServerContext['hook'],
    event: Exclude<GatewayEvent, DisconnectEvent>,
    context: LambdaContext,
    sessionId: string,
    identity: KnownIdentity,
  ): ServerContext {
    const { backend, serviceName, serverFunction, ServerClass: serverClass } = this.shared;
    const { connectionId, domainName, stage, connectedAt, requestTimeEpoch } = event.requestContext;
    const member: Member = {
      webSocketId: connectionId,
      callbackUrl: this.shared.callbackUrl ?? `https://${domainName}/${stage}`,
      service: serviceName,
      serverFunction,
      acceptedAt: connectedAt,
      left: false,
      ...identity,
    };
    return {
      hook,
      event,
      member,
      service: new Service(serviceName, {
        ...{ backend, serverFunction, serverClass },
        deadline: deadlineOf(context, backend.clock),
      }),
      sessionId,
      attributes: {},
      requestTime: requestTimeEpoch,
    };
  }
}
