/**
 * API Gateway's three routes, and what an environment remembers between their events: `$connect` decides on the handshake, `$default`
 * handles messages, `$disconnect` reports the end.
 */
import { dedicatedConnection } from '../dedicated/dedication';
import { Settlement } from '../departures/settlement';
import { ConnectRoute } from './connect-route';
import { departureHooks } from './departure';
import type { ConnectEvent, DisconnectEvent, LambdaContext, MessageEvent, RouteResult } from './events';
import { IncomingMessages } from './incoming-messages';
import { KnownConnections } from './known-connections';
import { MessageRoute } from './message-route';
import type { ServiceFunction } from './service-function';

export class Routes {
  readonly #known: KnownConnections;
  readonly #connect: ConnectRoute;
  readonly #message: MessageRoute;

  constructor(private readonly shared: ServiceFunction) {
    const { table, clock } = shared.backend;
    const messages = new IncomingMessages(shared);
    this.#known = new KnownConnections(table, clock);
    this.#connect = new ConnectRoute(shared, this.#known, messages);
    this.#message = new MessageRoute(shared, this.#known, messages);
  }

  connect(event: ConnectEvent, context: LambdaContext): Promise<RouteResult> {
    return this.#connect.run(event, context);
  }

  message(event: MessageEvent, context: LambdaContext): Promise<RouteResult> {
    return this.#message.run(event, context);
  }

  async disconnect(event: DisconnectEvent, context: LambdaContext): Promise<RouteResult> {
    const { connectionId, disconnectStatusCode: code, disconnectReason: reason } = event.requestContext;
    this.#known.forget(connectionId);
    this.#message.forget(connectionId);
    const settlement = new Settlement(this.shared.backend, departureHooks(this.shared, context));
    const close = { ...(code !== undefined && { code }), ...(reason !== undefined && { reason }) };
    const dedicated = await dedicatedConnection(this.shared, connectionId);
    if (dedicated) await settlement.ownerDisconnected(dedicated, close);
    else await settlement.disconnected(connectionId, close);
    return { statusCode: 200 };
  }
}
