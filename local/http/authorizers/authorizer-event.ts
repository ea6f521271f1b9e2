/** The events of Lambda authorizers. */
import type { HttpLambdaAuthorizer } from '../../assembly/model';
import { event1, event2 } from '../proxy-event';
import type { ArrivedRequest } from '../proxy-request';

/** @param values of the identity sources */
export function authorizerEvent(
  { type, payloadFormat }: HttpLambdaAuthorizer,
  request: ArrivedRequest,
  { methodArn, accountId, values }: { methodArn: string; accountId: string; values: string[] },
): object {
  if (type === 'TOKEN') return { type, methodArn, authorizationToken: values[0] };
  const proxied = { ...request, caller: {} };
  if (payloadFormat === '2.0') return requestEvent2(event2(proxied, accountId), methodArn, values);
  const { resource, path, httpMethod, headers, multiValueHeaders, requestContext, ...event } = event1(
    proxied,
    accountId,
  );
  const isRest = payloadFormat === undefined;
  const identity = values.join(',');
  return {
    ...(!isRest && { version: '1.0' }),
    ...{ type, methodArn },
    ...(!isRest && { identitySource: identity, authorizationToken: identity }),
    ...{ resource, path, httpMethod, headers },
    ...(isRest && { multiValueHeaders }),
    queryStringParameters: event.queryStringParameters ?? {},
    ...(isRest && { multiValueQueryStringParameters: event.multiValueQueryStringParameters ?? {} }),
    pathParameters: event.pathParameters ?? {},
    stageVariables: event.stageVariables ?? {},
    requestContext,
  };
}

/** Source: "Control access to HTTP APIs with AWS Lambda authorizers", "Payload format version". */
function requestEvent2(proxied: ReturnType<typeof event2>, routeArn: string, values: string[]): object {
  const { version, body: _, isBase64Encoded: __, ...event } = proxied;
  return { version, type: 'REQUEST', routeArn, identitySource: values.length > 0 ? values : null, ...event };
}
