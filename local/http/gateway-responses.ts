/** The error responses of a REST API, as customized by its app. Source: "Gateway responses in API Gateway". */
import { type IncomingMessage, validateHeaderName, validateHeaderValue } from 'node:http';
import type { GatewayResponse } from '../assembly/model';
import { type Identity, identityIn } from '../authorizers/identity-source';
import { sourceIp } from '../gateway/connect-request';
import { responseTypeOf } from './assumptions';
import type { Failure } from './failures';
import type { HttpAddress } from './http-address';
import type { ProxyAnswer } from './proxy-answer';
import { queryOf } from './proxy-request';

/** The changes to an error response; `undefined` if the app has none for it. */
export function gatewayResponse(
  failure: Failure,
  { api, stage, path }: HttpAddress,
  request: IncomingMessage,
  requestId: string,
): { statusCode: number; headers: ProxyAnswer['headers']; body?: string } | undefined {
  const { gatewayResponses = {} } = api;
  if (!stage || Object.keys(gatewayResponses).length === 0) return undefined;
  const type = responseTypeOf(failure);
  const fallback = gatewayResponses[failure.statusCode < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX'];
  const response = gatewayResponses[type] ?? fallback;
  if (!response) return undefined;
  const values: Identity = {
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    query: Object.fromEntries(
      queryOf(request.url ?? '').query.map(([name, all]) => [name, all.at(-1) ?? '']),
    ),
    stageVariables: stage.variables,
    context: {
      ...{ apiId: api.apiId, stage: stage.stageName, httpMethod: request.method, requestId },
      ...{ path: `/${stage.stageName}${path}`, identity: { sourceIp: sourceIp(request) } },
      error: { ...messageOf(failure), responseType: type },
    },
  };
  const body = templateFor(response, request.headers.accept);
  return {
    // The status of the fallback changes all others.
    statusCode: response.statusCode ?? fallback?.statusCode ?? failure.statusCode,
    headers: Object.entries(response.headers).flatMap(([name, source]) => {
      const value = headerValue(name, source, values);
      return value === undefined ? [] : [[name, [value]]];
    }),
    ...(body !== undefined && { body: filledIn(body, values) }),
  };
}

/** `message` as text, `messageString` as JSON. */
function messageOf({ body }: Failure): { message: string; messageString: string } {
  const { message, Message = message } = JSON.parse(body) as { message?: string | null; Message?: string };
  return { message: Message ?? '', messageString: JSON.stringify(Message ?? null) };
}

/** A constant in single quotes, or a value of the request. `undefined` if HTTP does not allow it in a header. */
function headerValue(name: string, source: string, values: Identity): string | undefined {
  const [, constant] = /^'(.*)'$/s.exec(source) ?? [];
  const value = constant ?? identityIn(source, values);
  if (value === undefined) return undefined;
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return value;
  } catch {
    return undefined;
  }
}

function templateFor({ templates }: GatewayResponse, accept = ''): string | undefined {
  const wanted = accept.split(',').map((type) => type.split(';', 1)[0]?.trim() ?? '');
  const type = wanted.find((one) => Object.hasOwn(templates, one)) ?? 'application/json';
  return Object.hasOwn(templates, type) ? templates[type] : undefined;
}

/** Templates of gateway responses have variables, and nothing else of Velocity. Those without a value are empty. */
function filledIn(template: string, values: Identity): string {
  return template.replace(
    /\$\{?((?:context|stageVariables|method\.request\.(?:header|querystring))\.[\w.-]*\w)\}?/g,
    (_, source: string) => identityIn(source, values) ?? '',
  );
}
