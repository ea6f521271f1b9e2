/** Reads who may call a route of an HTTP API or a method of a REST API: everyone, IAM's callers, or an authorizer's. */
import { urlSuffix } from '../../aws-domains';
import type { Assembly } from '../assembly';
import type { ReadFunctions } from '../functions/functions';
import type { HttpAuthorizer, HttpLambdaAuthorizer, HttpNotRun, HttpRoute } from '../model';
import { listAt, textAt } from '../values/json';
import type { Resource } from '../values/resource';
import { AuthorizerFunctions } from './authorizer-functions';

export type Authorization = Pick<HttpRoute, 'authorization' | 'authorizer' | 'authorizationScopes'>;

/** In a REST API's identity sources and in those of an HTTP API. */
const REST_SOURCE =
  /^(method\.request\.(header|querystring)\.[^.\s]+|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9_.]+)$/;
const HTTP_SOURCE =
  /^\$(request\.(header|querystring)\.[^.\s]+|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9_.]+)$/;
const HTTP_TOKEN_SOURCE = /^\$request\.(header|querystring)\.[^.\s]+$/;
const HEADER_SOURCE = /^method\.request\.header\.[^.\s]+$/;

/** How long a REST API keeps a result if the template does not say. */
const REST_CACHE_SECONDS = 300;

export class HttpAuthorizers {
  readonly #functions: AuthorizerFunctions;
  readonly #byId: Map<string, Resource>;

  constructor(assembly: Assembly, functions: ReadFunctions) {
    this.#functions = new AuthorizerFunctions(assembly, functions);
    this.#byId = new Map(
      assembly
        .resources('AWS::ApiGatewayV2::Authorizer', 'AWS::ApiGateway::Authorizer')
        .map((one) => [one.ref, one]),
    );
  }

  /** @param route a route of an HTTP API, or a method of a REST API */
  of(route: Resource, apiId: string): Authorization {
    const type = route.text('AuthorizationType') ?? 'NONE';
    if (type === 'NONE') return {};
    if (type === 'AWS_IAM') return { authorization: type };
    const scopes = textList(route, 'AuthorizationScopes');
    return {
      authorizer: this.#authorizer(route, type, apiId),
      ...(scopes.length > 0 && { authorizationScopes: scopes }),
    };
  }

  #authorizer(route: Resource, type: string, apiId: string): HttpAuthorizer {
    const authorizerId = route.text('AuthorizerId') ?? '';
    const authorizer = this.#byId.get(authorizerId);
    if (!authorizer) {
      return notRun(route, `has an authorizer that is not part of this app (${authorizerId || 'none'})`);
    }
    const isRest = authorizer.type === 'AWS::ApiGateway::Authorizer';
    const own = authorizer.text(isRest ? 'Type' : 'AuthorizerType');
    const read = isRest ? REST_TYPES[`${type} ${own}`] : HTTP_TYPES[`${type} ${own}`];
    if (read === 'JWT') return jwtAuthorizer(authorizer);
    if (read === 'COGNITO') return userPoolAuthorizer(authorizer);
    if (read === undefined) {
      return notRun(route, `has the AuthorizationType ${type}, but an authorizer of type ${own}`);
    }
    return isRest
      ? this.#ofRestApi(authorizer, apiId, authorizerId, read)
      : this.#ofHttpApi(authorizer, apiId, authorizerId);
  }

  #ofHttpApi(authorizer: Resource, apiId: string, authorizerId: string): HttpAuthorizer {
    const identitySources = textList(authorizer, 'IdentitySource');
    const unknown = unknownSource(authorizer, identitySources, HTTP_SOURCE);
    if (unknown) return unknown;
    const payloadFormat = authorizer.text('AuthorizerPayloadFormatVersion');
    if (payloadFormat !== '1.0' && payloadFormat !== '2.0') {
      return notRun(
        authorizer,
        `has the AuthorizerPayloadFormatVersion ${payloadFormat ?? 'none'}; AWS requires 1.0 or 2.0`,
      );
    }
    const isSimple = authorizer.flag('EnableSimpleResponses');
    if (isSimple && payloadFormat === '1.0') {
      return notRun(
        authorizer,
        'has EnableSimpleResponses, which requires AuthorizerPayloadFormatVersion 2.0',
      );
    }
    const cacheSeconds = authorizer.number('AuthorizerResultTtlInSeconds') ?? 0;
    if (cacheSeconds > 0 && identitySources.length === 0) return cacheWithoutKey(authorizer);
    const found = this.#functions.find(authorizer, {
      uri: authorizer.text('AuthorizerUri') ?? '',
      credentials: authorizer.text('AuthorizerCredentialsArn'),
      ...{ apiId, authorizerId, construct: 'HttpLambdaAuthorizer' },
    });
    if (found.type === 'NOT_RUN') return found;
    return {
      ...found,
      ...{ type: 'REQUEST', path: authorizer.path, identitySources, payloadFormat, cacheSeconds },
      ...(isSimple && { isSimple }),
    };
  }

  #ofRestApi(
    authorizer: Resource,
    apiId: string,
    authorizerId: string,
    type: HttpLambdaAuthorizer['type'],
  ): HttpAuthorizer {
    const given = authorizer.text('IdentitySource') ?? '';
    const identitySources = given.split(',').flatMap((source) => source.trim() || []);
    const unknown = unknownSource(
      authorizer,
      identitySources,
      type === 'TOKEN' ? HEADER_SOURCE : REST_SOURCE,
    );
    if (unknown) return unknown;
    if (type === 'TOKEN' && identitySources.length !== 1) {
      return notRun(authorizer, 'needs one identity source, such as method.request.header.Authorization');
    }
    const cacheSeconds = authorizer.number('AuthorizerResultTtlInSeconds') ?? REST_CACHE_SECONDS;
    if (cacheSeconds > 0 && identitySources.length === 0) return cacheWithoutKey(authorizer);
    const validation = validationOf(authorizer);
    if (typeof validation === 'object') return validation;
    const found = this.#functions.find(authorizer, {
      uri: authorizer.text('AuthorizerUri') ?? '',
      credentials: authorizer.text('AuthorizerCredentials'),
      ...{ apiId, authorizerId, construct: type === 'TOKEN' ? 'TokenAuthorizer' : 'RequestAuthorizer' },
    });
    if (found.type === 'NOT_RUN') return found;
    return {
      ...found,
      ...{ type, path: authorizer.path, identitySources, cacheSeconds },
      ...(type === 'TOKEN' && validation !== undefined && { validation }),
    };
  }
}

/** By the route's AuthorizationType and the authorizer's own type. */
const HTTP_TYPES: Record<string, 'JWT' | 'REQUEST' | undefined> = {
  'JWT JWT': 'JWT',
  'CUSTOM REQUEST': 'REQUEST',
};
const REST_TYPES: Record<string, 'COGNITO' | HttpLambdaAuthorizer['type'] | undefined> = {
  'CUSTOM TOKEN': 'TOKEN',
  'CUSTOM REQUEST': 'REQUEST',
  'COGNITO_USER_POOLS COGNITO_USER_POOLS': 'COGNITO',
};

function jwtAuthorizer(authorizer: Resource): HttpAuthorizer {
  const configuration = authorizer.property('JwtConfiguration');
  const issuer = textAt(configuration, 'Issuer') ?? '';
  if (!URL.canParse(issuer) || new URL(issuer).protocol !== 'https:') {
    return notRun(authorizer, `has the issuer ${issuer || 'none'}, but AWS requires an https URL`);
  }
  const audiences = listAt(configuration, 'Audience').map(String);
  if (audiences.length === 0) return notRun(authorizer, 'has no audience, which AWS requires');
  const [identitySource = '', ...others] = textList(authorizer, 'IdentitySource');
  if (!HTTP_TOKEN_SOURCE.test(identitySource) || others.length > 0) {
    return notRun(authorizer, 'needs one identity source, such as $request.header.Authorization');
  }
  return { type: 'JWT', path: authorizer.path, issuer, audiences, identitySource };
}

const USER_POOL_ARN = /^arn:[^:]+:cognito-idp:([^:]+):[^:]*:userpool\/(.+)$/;

function userPoolAuthorizer(authorizer: Resource): HttpAuthorizer {
  const issuers = textList(authorizer, 'ProviderARNs').map((arn) => {
    const [, region = '', userPoolId = ''] = USER_POOL_ARN.exec(arn) ?? [];
    return region && `https://cognito-idp.${region}.${urlSuffix(region)}/${userPoolId}`;
  });
  if (issuers.length === 0 || issuers.includes('')) {
    return notRun(authorizer, 'needs the ARNs of Cognito user pools in ProviderARNs');
  }
  const identitySource = authorizer.text('IdentitySource') ?? '';
  if (!HEADER_SOURCE.test(identitySource)) {
    return notRun(authorizer, 'needs one identity source, such as method.request.header.Authorization');
  }
  const validation = validationOf(authorizer);
  if (typeof validation === 'object') return validation;
  return {
    ...{ type: 'COGNITO_USER_POOLS', path: authorizer.path, issuers, identitySource },
    ...(validation !== undefined && { validation }),
  };
}

/** A regular expression, or what is wrong with it. */
function validationOf(authorizer: Resource): string | HttpNotRun | undefined {
  const expression = authorizer.text('IdentityValidationExpression');
  if (expression === undefined || expression === '') return undefined;
  try {
    new RegExp(expression);
    return expression;
  } catch (error) {
    return notRun(authorizer, `has a validation expression that cannot be read: ${(error as Error).message}`);
  }
}

function unknownSource(authorizer: Resource, sources: string[], allowed: RegExp): HttpNotRun | undefined {
  const unknown = sources.find((source) => !allowed.test(source));
  if (unknown === undefined) return undefined;
  return notRun(authorizer, `has the identity source ${JSON.stringify(unknown)}, which AWS does not accept`);
}

function cacheWithoutKey(authorizer: Resource): HttpNotRun {
  return notRun(
    authorizer,
    'keeps results (AuthorizerResultTtlInSeconds), which requires an identity source; add one, or set it to 0',
  );
}

function textList(resource: Resource, name: string): string[] {
  const value = resource.property(name);
  return (Array.isArray(value) ? value : []).map(String);
}

function notRun({ path }: Resource, reason: string): HttpNotRun {
  return { type: 'NOT_RUN', path, reason };
}
