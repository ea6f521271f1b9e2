/** What the handlers of one service share, from the environment of its functions. */
import { type Backend, backendFromEnvironment } from '../backend';
import { ConfigurationError } from '../errors';
import { type ConnectionLimits, limitsOf } from '../limits/connection-limits';
import type { ServerClass } from '../server/web-socket-server';
import type { Service } from '../service';
import { allowedOrigins } from './origins';

export interface HandlerOptions {
  /** What the service does from time to time, such as repairing what it keeps about all of its connections. */
  upkeep?: (service: Service) => Promise<void>;
  /** @default the environment of the function */
  environment?: NodeJS.ProcessEnv;
  /** @default the real table, gateway and functions, as the environment names them */
  backend?: Backend;
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
  /** The cookie by which web sessions are known apart, if the service reads one. */
  sessionCookie: string | undefined;
  /** How much one client may ask for. */
  limits: Required<ConnectionLimits>;
  upkeep: ((service: Service) => Promise<void>) | undefined;
}

export function serviceFunction(ServerClass: ServerClass, options: HandlerOptions): ServiceFunction {
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
    allowedOrigins: allowedOrigins(environment),
    sessionCookie: environment.SESSION_COOKIE || undefined,
    limits: limitsOf(ServerClass),
    upkeep: options.upkeep,
  };
}
