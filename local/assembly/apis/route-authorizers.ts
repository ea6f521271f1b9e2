/**
 * Reads the authorizers of WebSocket APIs. If the runtime does not support one, every handshake fails.
 */
import type { Assembly } from '../assembly';
import type { ReadFunctions } from '../functions/functions';
import type { Authorizer, NotRun } from '../model';
import type { Resource } from '../values/resource';
import { AuthorizerFunctions } from './authorizer-functions';

/** The four kinds of identity sources for WebSocket APIs in API Gateway's guide. */
const IDENTITY_SOURCE =
  /^(route\.request\.(header|querystring)\.[^.\s]+|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9_.]+)$/;

export class RouteAuthorizers {
  readonly #functions: AuthorizerFunctions;
  readonly #byId: Map<string, Resource>;

  constructor(assembly: Assembly, functions: ReadFunctions) {
    this.#functions = new AuthorizerFunctions(assembly, functions);
    this.#byId = new Map(assembly.resources('AWS::ApiGatewayV2::Authorizer').map((one) => [one.ref, one]));
  }

  /** `undefined` if the route is open. */
  read(route: Resource, apiId: string): Authorizer | undefined {
    const authorization = route.text('AuthorizationType') ?? 'NONE';
    const authorizerId = route.text('AuthorizerId');
    if (authorization === 'NONE' && authorizerId === undefined) return undefined;
    if (authorization === 'NONE') {
      return notRun(route, 'has an authorizer, but its AuthorizationType is NONE; set it to CUSTOM');
    }
    if (authorization === 'AWS_IAM') return { type: 'AWS_IAM', path: route.path };
    if (authorization !== 'CUSTOM') {
      return notRun(
        route,
        `uses AuthorizationType ${authorization}, which the runtime does not support; remove it to run this locally`,
      );
    }
    const authorizer = this.#byId.get(authorizerId ?? '');
    if (!authorizer)
      return notRun(route, `has an authorizer that is not part of this app (${authorizerId ?? 'none'})`);
    return this.#lambda(authorizer, apiId, authorizerId ?? '');
  }

  #lambda(authorizer: Resource, apiId: string, authorizerId: string): Authorizer {
    const type = authorizer.text('AuthorizerType');
    if (type !== 'REQUEST') {
      return notRun(authorizer, `is an authorizer of type ${type}; WebSocket APIs support only REQUEST`);
    }
    const given = authorizer.property('IdentitySource');
    const identitySources = (Array.isArray(given) ? given : []).map(String);
    const unknown = identitySources.find((source) => !IDENTITY_SOURCE.test(source));
    if (unknown !== undefined) {
      throw authorizer.mistake(
        `its identity source is ${JSON.stringify(unknown)}; AWS allows route.request.header.NAME, route.request.querystring.NAME, stageVariables.NAME and context.NAME`,
      );
    }
    const found = this.#functions.find(authorizer, {
      uri: authorizer.text('AuthorizerUri') ?? '',
      credentials: authorizer.text('AuthorizerCredentialsArn'),
      ...{ apiId, authorizerId, construct: 'WebSocketLambdaAuthorizer' },
    });
    if (found.type === 'NOT_RUN') return notRun(found, found.reason);
    return { ...found, type: 'REQUEST', path: authorizer.path, identitySources };
  }
}

function notRun({ path }: { path: string }, reason: string): NotRun {
  return { type: 'NOT_RUN', path, reason };
}
