/** What the handlers of one service share, from their functions' environment. */
import { type Backend, backendFromEnvironment } from '../backend';
import { ConfigurationError } from '../errors';
import { type Limits, limitsOf } from '../limits/connection-limits';
import type { ServerClass } from '../server/server-class';
import type { Service } from '../service';
import { allowedOrigins } from './origins';

export interface HandlerOptions {
  /** Periodic work of the service, such as repairing data about all of its connections. It runs with each sweep. */
  upkeep?: (service: Service) => Promise<void>;
  /** @default the environment of the function */
  environment?: NodeJS.ProcessEnv;
  /** @default the real table, gateway and functions, from the environment */
  backend?: Backend;
}

/** What the handlers of one service share. */
export interface ServiceFunction {
  ServerClass: ServerClass;
  backend: Backend;
  serviceName: string;
  /** The function that runs `server` requests. */
  serverFunction: string;
  /** `https://…/{stage}`, if the construct set it. A custom domain's path may differ from the stage. */
  callbackUrl: string | undefined;
  allowedOrigins: string[];
  /** The cookie that identifies web sessions, if the service uses one. */
  sessionCookie: string | undefined;
  /** The environment variables that say which JWTs to accept, if the service requires one. */
  jwtEnvironment: NodeJS.ProcessEnv | undefined;
  /** The limits of the class, with defaults for missing ones. */
  limits: Limits;
  upkeep: ((service: Service) => Promise<void>) | undefined;
}

export function serviceFunction(ServerClass: ServerClass, options: HandlerOptions): ServiceFunction {
  const environment = options.environment ?? process.env;
  const serverFunction = environment.SERVER_FUNCTION ?? environment.AWS_LAMBDA_FUNCTION_NAME;
  const serviceName = environment.SERVICE_NAME;
  if (!serviceName || !serverFunction) {
    throw new ConfigurationError(
      `The environment of ${environment.AWS_LAMBDA_FUNCTION_NAME ?? ServerClass.name} has no ${serviceName ? 'SERVER_FUNCTION' : 'SERVICE_NAME'}. The construct WebSocketService sets it. If you deploy the function in another way, set it yourself.`,
    );
  }
  return {
    ServerClass,
    serviceName,
    serverFunction,
    backend: options.backend ?? backendFromEnvironment(environment),
    callbackUrl: environment.CALLBACK_URL || undefined,
    allowedOrigins: allowedOrigins(environment),
    sessionCookie: environment.SESSION_COOKIE || undefined,
    jwtEnvironment: environment.JWT_ISSUER ? environment : undefined,
    limits: limitsOf(ServerClass),
    upkeep: options.upkeep,
  };
}
