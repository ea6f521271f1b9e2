/** `$connect`: decides on the handshake, and stores what it accepts before API Gateway answers the client. */
import { ChannelStore } from '../channels/channel-store';
import type { Member } from '../connections/connection-items';
import { ConnectionStore, type NewConnection } from '../connections/connection-store';
import { identityFoundBy, identityOf } from '../connections/identity';
import { messagesTo } from '../dedicated/dedication';
import { OwnershipStore } from '../dedicated/ownership';
import type { JwtIdentity } from '../identity/jwt-identity';
import { ClientError } from '../messages/client-error';
import { HandshakeRefusal } from '../server/handshake-refusal';
import { overrides } from '../server/server-hooks';
import { sessionIdOfCookie } from '../sessions/session';
import { SessionStore } from '../sessions/session-store';
import { cookieValue } from './cookies';
import { userConnections } from './departure';
import type { ConnectEvent, LambdaContext, RouteResult } from './events';
import { headerValues } from './headers';
import type { IncomingMessages } from './incoming-messages';
import type { KnownConnections } from './known-connections';
import { originAllowed } from './origins';
import { routeContext } from './route-context';
import type { ServiceFunction } from './service-function';

export class ConnectRoute {
  readonly #store: ConnectionStore;
  readonly #channels: ChannelStore;
  readonly #sessions: SessionStore;
  #jwtIdentity: Promise<JwtIdentity> | undefined;

  constructor(
    private readonly shared: ServiceFunction,
    private readonly known: KnownConnections,
    private readonly messages: IncomingMessages,
  ) {
    const { table, clock } = shared.backend;
    this.#store = new ConnectionStore(table, clock);
    this.#channels = new ChannelStore(table, clock);
    this.#sessions = new SessionStore(table, clock);
  }

  async run(event: ConnectEvent, context: LambdaContext): Promise<RouteResult> {
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
      ...routeContext(
        this.shared,
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
    const endOnClose = server.sessionEndOnClose && overrides(ServerClass, 'onSessionEnd');
    if (!(await this.#accept(connection, channels, endOnClose))) return { statusCode: 500 };
    await serverContext.service.presence.joined(member, channels);
    this.messages.remember(member.webSocketId, connection.messagesTo === 'owner');
    this.known.remember(member.webSocketId, { sessionId, attributes, ...identityOf(member) });
    if (overrides(ServerClass, 'server')) {
      await backend.invoker.invoke(serverFunction, { type: 'server', webSocketId: member.webSocketId });
    }
    const subprotocol = server.subprotocol ?? identified.subprotocol;
    return {
      statusCode: 200,
      ...(subprotocol !== undefined && { headers: { 'Sec-WebSocket-Protocol': subprotocol } }),
    };
  }

  /**
   * Identifies the client by its JWT or an authorizer. Only a service that requires a JWT loads the code that
   * verifies it.
   */
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

  /** Counts the connection among those of its user, if the class limits them. */
  async #countUser({ user, webSocketId }: Member): Promise<{ countedUser?: string } | 'too many'> {
    const { connections } = this.shared.limits.perUser;
    if (user === undefined || connections === Number.POSITIVE_INFINITY) return {};
    if (await userConnections(this.shared).admit(user, webSocketId)) return { countedUser: user };
    console.warn(
      `User ${JSON.stringify(user)} already has ${connections} connections, which is the limit. Another one is refused.`,
    );
    return 'too many';
  }

  /**
   * Stores the connection, its channels, its session and its ownership. `false` if it is already stored, or has
   * closed in the meantime.
   */
  async #accept(
    connection: NewConnection & Member & { sessionId: string },
    channels: Set<string>,
    endOnClose: boolean,
  ): Promise<boolean> {
    const { webSocketId, sessionId, messagesTo } = connection;
    const { table, clock, token } = this.shared.backend;
    if (!(await this.#store.accept(connection, token()))) return false;
    if (!(await this.#channels.subscribeAll(connection, channels))) return false;
    if (sessionId !== '' && !(await this.#sessions.join(connection, endOnClose))) return false;
    if (messagesTo === 'owner') await new OwnershipStore(webSocketId, table, clock).create();
    return true;
  }
}
