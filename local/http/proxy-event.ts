/** The events of Lambda proxy integrations of HTTP requests, in both payload formats. */
import { commonLogTime } from '../common-log-time';
import { percentDecoded } from '../percent-decoded';
import { authorizerOf1, authorizerOf2 } from './authorizers/authorized-caller';
import type { ProxyRequest } from './proxy-request';

/** @param payloadFormat always 1.0 for a REST API, always 2.0 for a function URL */
export function proxyEvent(request: ProxyRequest, payloadFormat: '1.0' | '2.0', accountId: string): string {
  return JSON.stringify(payloadFormat === '1.0' ? event1(request, accountId) : event2(request, accountId));
}

/**
 * HTTP APIs have a version, decoded paths and lower-case headers; REST APIs do not.
 * Source: "Create AWS Lambda proxy integrations for HTTP APIs", "Lambda proxy integrations in API Gateway" (REST).
 */
export function event1(request: ProxyRequest, accountId: string) {
  const { address, matched, method, headers, query, body, isBase64Encoded } = request;
  const { authorized } = request.caller;
  const { api, stage, path } = address;
  const isRest = api.kind === 'REST';
  const named = isRest ? headers : lowerCase(headers);
  const { resource } = matched.route;
  const fullPath = inStage(request);
  return {
    ...(!isRest && { version: '1.0' }),
    resource,
    path: isRest ? path : decoded(fullPath),
    httpMethod: method,
    headers: lastValues(named),
    multiValueHeaders: Object.fromEntries(named),
    queryStringParameters: orNull(lastValues(query)),
    multiValueQueryStringParameters: orNull(Object.fromEntries(query)),
    pathParameters: orNull(decodedParameters(request)),
    stageVariables: orNull(stage.variables),
    requestContext: {
      resourcePath: resource,
      httpMethod: method,
      ...(authorized && { authorizer: authorizerOf1(authorized, isRest ? 'REST' : 'HTTP') }),
      extendedRequestId: request.requestId,
      requestTime: commonLogTime(request.time),
      path: isRest ? fullPath : decoded(fullPath),
      accountId,
      protocol: 'HTTP/1.1',
      stage: stage.stageName,
      domainPrefix: address.domainName.split('.', 1)[0],
      requestTimeEpoch: request.time,
      requestId: request.requestId,
      identity: identityOf(request),
      domainName: address.domainName,
      apiId: api.apiId,
    },
    body: body ?? null,
    isBase64Encoded,
  };
}

/** Members are `null` for a route without IAM. The API key is present only if the route requires one. */
function identityOf({ caller: { iam, apiKey }, sourceIp, userAgent }: ProxyRequest) {
  return {
    cognitoIdentityPoolId: null,
    accountId: iam?.accountId ?? null,
    cognitoIdentityId: null,
    ...(apiKey && { apiKey: apiKey.value }),
    caller: iam?.caller ?? null,
    sourceIp,
    principalOrgId: null,
    accessKey: iam?.accessKey ?? null,
    cognitoAuthenticationType: null,
    cognitoAuthenticationProvider: null,
    userArn: iam?.userArn ?? null,
    ...(apiKey && { apiKeyId: apiKey.id }),
    userAgent: userAgent ?? null,
    user: iam?.user ?? null,
  };
}

/**
 * Source: "Create AWS Lambda proxy integrations for HTTP APIs", payload format 2.0; "Invoking Lambda function URLs".
 */
export function event2(request: ProxyRequest, accountId: string) {
  const { address, matched, method, cookies, body, isBase64Encoded } = request;
  const { api, stage, domainName } = address;
  const { iam, authorized } = request.caller;
  const isFunctionUrl = api.kind === 'FUNCTION_URL';
  const { resource, method: routeMethod } = matched.route;
  const routeKey = resource === '$default' ? '$default' : `${routeMethod} ${resource}`;
  const path = decoded(inStage(request));
  const parameters = decodedParameters(request);
  const headers = lowerCase(request.headers).filter(([name]) => name !== 'cookie');
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: request.rawQuery,
    ...(cookies.length > 0 && { cookies }),
    headers: joined(headers),
    ...(request.query.length > 0 && { queryStringParameters: joined(request.query) }),
    requestContext: {
      accountId: isFunctionUrl && !iam ? 'anonymous' : accountId,
      apiId: api.apiId,
      ...(iam && {
        authorizer: {
          iam: {
            accessKey: iam.accessKey,
            accountId: iam.accountId,
            callerId: iam.caller,
            cognitoIdentity: null,
            principalOrgId: null,
            userArn: iam.userArn,
            userId: iam.user,
          },
        },
      }),
      ...(authorized && { authorizer: authorizerOf2(authorized) }),
      domainName,
      domainPrefix: domainName.split('.', 1)[0],
      http: {
        method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: request.userAgent ?? '',
      },
      requestId: request.requestId,
      routeKey,
      stage: stage.stageName,
      time: commonLogTime(request.time),
      timeEpoch: request.time,
    },
    ...(body !== undefined && { body }),
    ...(Object.keys(parameters).length > 0 && { pathParameters: parameters }),
    isBase64Encoded,
    ...(Object.keys(stage.variables).length > 0 && { stageVariables: stage.variables }),
  };
}

/** The path with the stage's name, except for `$default`. */
function inStage({ address: { stage, path } }: ProxyRequest): string {
  return stage.stageName === '$default' ? path : `/${stage.stageName}${path}`;
}

function decodedParameters({ matched }: ProxyRequest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(matched.pathParameters).map(([name, value]) => [name, decoded(value)]),
  );
}

/** Text that cannot be decoded stays as it is. */
function decoded(text: string): string {
  return percentDecoded(text) ?? text;
}

function lowerCase(pairs: ProxyRequest['headers']): ProxyRequest['headers'] {
  return pairs.map(([name, values]) => [name.toLowerCase(), values]);
}

function lastValues(pairs: [string, string[]][]): Record<string, string> {
  return Object.fromEntries(pairs.map(([name, values]) => [name, values.at(-1) ?? '']));
}

function joined(pairs: [string, string[]][]): Record<string, string> {
  return Object.fromEntries(pairs.map(([name, values]) => [name, values.join(',')]));
}

function orNull<T extends object>(record: T): T | null {
  return Object.keys(record).length > 0 ? record : null;
}
