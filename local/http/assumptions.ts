/**
 * Behavior of HTTP APIs, REST APIs and function URLs that no public source documents. If you measure the real
 * behavior, change it here.
 *
 * Assumptions that are part of other code:
 * - A route with a part that is not run fails as if its integration failed (`failures`).
 * - HTTP APIs and function URLs decode the path and its parameters; REST APIs pass the path unchanged, and decode its
 * parameters (`proxyEvent`).
 * - For routes that IAM authorizes, an `Authorization` header that is not a signature is ignored (`HttpCallers`).
 * - A REST API checks the signature and the policies before the API key, and the key before the integration. It asks
 * its policy only for methods that it has (`HttpCallers`).
 * - A trailing slash makes no difference to the route, and is not part of the ARN in `execute-api:Invoke`
 * (`RouteTable`, `HttpCallers`).
 * - Throttling comes before the signature. Methods and routes without settings of their own share the bucket of their
 * stage, as those of WebSocket APIs do (`HttpApis`).
 * - A usage plan's throttle of a method is taken before the plan's own (`ApiKeys`).
 * - Authorizers run after throttling, and before the API key (`HttpCallers`).
 * - A Lambda authorizer that fails with the message `Unauthorized` gives 401 for HTTP APIs, too. A failure, a timeout
 * and a malformed result all give a REST API's `AuthorizerConfigurationException`. A result needs a `principalId`,
 * except for simple responses (`LambdaAuthorizers`, `authorizer-refusals`).
 * - Conditions in an authorizer's policy are not evaluated: an Allow with one allows nothing, and a Deny with one
 * denies (`verdictOf`).
 * - Results are kept for each API, stage and authorizer, also those that deny; failures and 401 are not. A deployment
 * forgets them. An HTTP API without `AuthorizerResultTtlInSeconds` keeps none. The results of Cognito's authorizers
 * are not kept, which would matter only for a token that expires in the meantime (`LambdaAuthorizers`).
 * - A validation expression must match the whole token, or the whole `aud` (`isMatch`). Of a repeated header or
 * parameter, an identity source takes the values joined with commas (`HttpAuthorizers`).
 * - A token needs `exp`. Redirects of an issuer are not followed, and a failed request for its keys is repeated with
 * the next token (`TokenVerification`, `fetchedJson`).
 * - `scopes` in an event are the token's if the route has scopes, else `null`. `identitySource` is `null` without
 * identity sources (`authorized-caller`, `authorizerEvent`).
 * - A policy with a Resource that is too long makes the result of a REST API's authorizer malformed; the error type
 * of the 414 for a long method ARN is `BadRequestException` (`LambdaAuthorizers`, `authorizer-refusals`).
 * - The challenge for a request without a token is `Bearer` alone. That of `insufficient_scope` has no
 * `error_description` (`authorizer-refusals`).
 * - In the template of a gateway response, `$context.authorizer` is empty, and a variable without a value, too
 * (`gatewayResponse`).
 * - `HEAD` is answered like `GET` if a route accepts it, without the body (`HttpApis`).
 */

/** Content types that an HTTP API or a function URL passes as text. All others are sent as base64, including forms. */
export const TEXT_TYPES = /^(text\/[^;]*|application\/(json|xml|javascript|[^;]*\+(json|xml)))\s*(;|$)/i;

/** The content type of a response without one. It is documented for REST APIs and function URLs. */
export const DEFAULT_CONTENT_TYPE = {
  HTTP: 'text/plain;charset=UTF-8',
  REST: 'application/json',
  FUNCTION_URL: 'application/json',
} as const;

/** The largest request: API Gateway's payload quota. Lambda's own quota, 6 MB, is in the function host. */
export const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

/** How long a Lambda authorizer may take: for HTTP APIs a quota, for REST APIs the same as an integration. */
export const AUTHORIZER_TIMEOUT_MILLIS = { HTTP: 10_000, REST: 29_000 } as const;

/** How many results of Lambda authorizers are kept. The oldest are forgotten first. */
export const MAX_KEPT_RESULTS = 1_000;

/** "API Gateway can cache the public key for two hours." A key that an issuer withdraws stays valid until then. */
export const KEYS_LIVE_MILLIS = 2 * 60 * 60_000;
/** How soon the keys are fetched again for a token whose key they lack. */
export const KEYS_REFRESH_MILLIS = 10_000;

/**
 * The `error_description` of a JWT authorizer's 401. Documented or recorded on AWS: `audience`, `expired`, `malformed`,
 * `issuer`, `discovery`, `keySet`. The others are in the same tone.
 */
export const INVALID_TOKEN_TEXTS = {
  audience: 'the token does not have a valid audience',
  expired: 'the token has expired',
  malformed: 'token contains an invalid number of segments',
  issuer: 'issuer does not match',
  discovery: 'OIDC discovery endpoint communication error',
  keySet: 'JWKS communication error',
  algorithm: 'signing method is invalid',
  unknownKey: 'unable to find the key of the token',
  signature: 'the token has an invalid signature',
  notYetValid: 'the token is not valid yet',
} as const;

/** The response types of a REST API, by `x-amzn-errortype`. Only the table of "Gateway response types" is documented. */
const RESPONSE_TYPES: Record<string, string> = {
  AccessDeniedException: 'ACCESS_DENIED',
  AuthorizerConfigurationException: 'AUTHORIZER_CONFIGURATION_ERROR',
  ForbiddenException: 'INVALID_API_KEY',
  IncompleteSignatureException: 'INVALID_SIGNATURE',
  InternalServerErrorException: 'API_CONFIGURATION_ERROR',
  InvalidSignatureException: 'INVALID_SIGNATURE',
  LimitExceededException: 'QUOTA_EXCEEDED',
  MissingAuthenticationTokenException: 'MISSING_AUTHENTICATION_TOKEN',
  RequestTooLargeException: 'REQUEST_TOO_LARGE',
  TooManyRequestsException: 'THROTTLED',
  UnauthorizedException: 'UNAUTHORIZED',
  UnrecognizedClientException: 'INVALID_SIGNATURE',
};

export function responseTypeOf({ errorType }: { errorType?: string }): string {
  return errorType === undefined ? 'INTEGRATION_TIMEOUT' : (RESPONSE_TYPES[errorType] ?? '');
}
