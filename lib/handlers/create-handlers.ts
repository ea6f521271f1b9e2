/** Turns a server class into the Lambda handlers of a service: `routes` for API Gateway, `server` for what takes longer. */
import { type Backend, backendFromEnvironment } from '../backend';
import { ConfigurationError } from '../errors';
import type { ServiceRequest } from '../invocations/invoker';
import type { Service } from '../service';
import type { ServerClass } from '../web-socket-server';
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

export interface HandlerOptions {
  /** What the service does from time to time, such as repairing what it keeps about all of its connections. */
  upkeep?: (service: Service) => Promise<void>;
  /** @default the environment of the function */
  environment?: NodeJS.ProcessEnv;
  /** @default the real table, gateway and functions, as the environment names them */
  backend?: Backend;
}

export interface Handlers {
  /** The one entry for `$connect`, `$default` and `$disconnect`, told apart by the event. */
  routes(event: GatewayEvent, context: LambdaContext): Promise<RouteResult>;
  connect(event: ConnectEvent, context: LambdaContext): Promise<RouteResult>;
  message(event: MessageEvent, context: LambdaContext): Promise<RouteResult>;
  disconnect(event: DisconnectEvent, context: LambdaContext): Promise<RouteResult>;
  /** Invoked asynchronously: runs `server()`, settles departures, and does the upkeep. */
  server(request: ServiceRequest, context: LambdaContext): Promise<void>;
}

/** What the handlers of one service share. */
export interface ServiceFunction {
  ServerClass: ServerClass;
  backend: Backend;
  serviceName: string;
  /** The function that runs `server` requests. */
  serverFunction: string;
  /** `https://…/{stage}`, if the construct gave it: a custom domain's path need not be the stage. */
  callbackUrl: string | undefined;
  allowedOrigins: string[];
  upkeep: ((service: Service) => Promise<void>) | undefined;
}

/**
 * The functions' environment holds `SERVICE_NAME`, `CONNECTION_TABLE`, `SERVER_FUNCTION` and, if wanted, `ALLOWED_ORIGINS`
 * (comma-separated) and `CALLBACK_URL`. What is missing is said by the first event.
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

function serviceFunction(ServerClass: ServerClass, options: HandlerOptions): ServiceFunction {
  const environment = options.environment ?? process.env;
  const serverFunction = environment.SERVER_FUNCTION ?? environment.AWS_LAMBDA_FUNCTION_NAME;
  const serviceName = environment.SERVICE_NAME;
  if (!serviceName || !serverFunction) {
    throw new ConfigurationError(
      `The environment of ${environment.AWS_LAMBDA_FUNCTION_NAME ?? ServerClass.name} has no ${serviceName ? 'SERVER_FUNCTION' : 'SERVICE_NAME'}. The construct WebSocketService sets it; a function deployed in another way needs it too.`,
    );
  }
  return {
    ServerClass,
    serviceName,
    serverFunction,
    backend: options.backend ?? backendFromEnvironment(environment),
    callbackUrl: environment.CALLBACK_URL || undefined,
    allowedOrigins: (environment.ALLOWED_ORIGINS ?? '')
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
    upkeep: options.upkeep,
  };
}
