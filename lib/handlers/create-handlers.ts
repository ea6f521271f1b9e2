/** Turns a server class into the Lambda handlers of a service: `routes` for API Gateway, `server` for longer work. */

import type { SweepReport } from '../departures/sweep';
import type { ServiceRequest } from '../invocations/invoker';
import type { ServerClass } from '../server/server-class';
import type {
  ConnectEvent,
  DisconnectEvent,
  GatewayEvent,
  LambdaContext,
  MessageEvent,
  RouteResult,
} from './events';
import { Routes } from './routes';
import { ServerRequests } from './server-requests';
import { type HandlerOptions, serviceFunction } from './service-function';

export interface Handlers {
  /** The one handler for `$connect`, `$default` and `$disconnect`. The event says which. */
  routes(event: GatewayEvent, context: LambdaContext): Promise<RouteResult>;
  connect(event: ConnectEvent, context: LambdaContext): Promise<RouteResult>;
  message(event: MessageEvent, context: LambdaContext): Promise<RouteResult>;
  disconnect(event: DisconnectEvent, context: LambdaContext): Promise<RouteResult>;
  /**
   * Invoked asynchronously: runs `server()`, cleans up departures, and does the upkeep. A caller that waits for a
   * sweep gets its report.
   */
  server(request: ServiceRequest, context: LambdaContext): Promise<SweepReport | undefined>;
}

/**
 * Reads the functions' environment: `SERVICE_NAME`, `CONNECTION_TABLE`, `SERVER_FUNCTION` and, optionally,
 * `ALLOWED_ORIGINS` (comma-separated), `SESSION_COOKIE` (its name) and `CALLBACK_URL`. The first event reports a
 * missing one.
 */
export function createHandlers(ServerClass: ServerClass, options: HandlerOptions = {}): Handlers {
  let made: { routes: Routes; requests: ServerRequests } | undefined;
  const handlers = () => {
    if (!made) {
      const shared = serviceFunction(ServerClass, options);
      made = { routes: new Routes(shared), requests: new ServerRequests(shared) };
    }
    return made;
  };
  return {
    async routes(event, context) {
      const { eventType } = event.requestContext;
      if (eventType === 'CONNECT') return handlers().routes.connect(event as ConnectEvent, context);
      if (eventType === 'MESSAGE') return handlers().routes.message(event as MessageEvent, context);
      return handlers().routes.disconnect(event as DisconnectEvent, context);
    },
    connect: async (event, context) => handlers().routes.connect(event, context),
    message: async (event, context) => handlers().routes.message(event, context),
    disconnect: async (event, context) => handlers().routes.disconnect(event, context),
    server: async (request, context) => handlers().requests.handle(request, context),
  };
}
