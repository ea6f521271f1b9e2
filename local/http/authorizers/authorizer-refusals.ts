/** The responses to requests that an authorizer refuses, or for which it fails. */
import { INVALID_TOKEN_TEXTS } from '../assumptions';
import { type Failure, failureOf, message, upperMessage } from '../failures';
import type { TokenFault } from './token-verification';

type ApiKind = 'HTTP' | 'REST';

/** Sources: "Gateway response types" (REST), "Working with AWS Lambda authorizers for HTTP APIs". */
export function unauthorized(kind: ApiKind): Failure {
  return {
    statusCode: 401,
    ...(kind === 'REST' && { errorType: 'UnauthorizedException' }),
    body: message('Unauthorized'),
  };
}

/** The responses of Cognito's authorizers. Source: users' reports. */
export const EXPIRED_TOKEN: Failure = {
  statusCode: 401,
  errorType: 'UnauthorizedException',
  body: message('The incoming token has expired'),
};

/** For a method ARN that is too long for a Lambda authorizer of a REST API. */
export const URI_TOO_LONG: Failure = {
  statusCode: 414,
  errorType: 'BadRequestException',
  body: message('Request URI too long'),
};

/** For a request that the policy of a REST API's authorizer denies. Source: recorded responses. */
export function deniedByPolicy(isExplicit: boolean): Failure {
  const reason = isExplicit ? ' with an explicit deny in an identity-based policy' : '';
  return {
    statusCode: 403,
    errorType: 'AccessDeniedException',
    body: upperMessage(`User is not authorized to access this resource${reason}`),
  };
}

/** The function crashed, or returned an invalid result, or must not be invoked. */
export function authorizerFailure(kind: ApiKind): Failure {
  if (kind === 'HTTP') return failureOf('HTTP', 'notPermitted');
  return { statusCode: 500, errorType: 'AuthorizerConfigurationException', body: '{"message":null}' };
}

/**
 * The 401 of a JWT authorizer. `scope` names the scopes of the route. Source: "Troubleshooting issues with HTTP API
 * JWT authorizers", and recorded responses.
 * @param fault undefined if the request has no token
 */
export function challenge(fault: TokenFault | undefined, scopes: string[]): Failure {
  const wwwAuthenticate =
    fault === undefined ? 'Bearer' : bearer(scopes, 'invalid_token', INVALID_TOKEN_TEXTS[fault]);
  return { ...unauthorized('HTTP'), wwwAuthenticate };
}

/** The 403 of a JWT authorizer. */
export function insufficientScope(scopes: string[]): Failure {
  return { ...failureOf('HTTP', 'forbidden'), wwwAuthenticate: bearer(scopes, 'insufficient_scope') };
}

function bearer(scopes: string[], error: string, description?: string): string {
  const described = description === undefined ? '' : ` error_description="${description}"`;
  return `Bearer scope="${scopes.join(' ')}" error="${error}"${described}`;
}
