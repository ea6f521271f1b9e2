/** The authorizers of HTTP APIs and REST APIs, other than IAM. */
import type { HttpNotRun } from './not-run';

export type HttpAuthorizer = JwtAuthorizer | UserPoolAuthorizer | HttpLambdaAuthorizer | HttpNotRun;

/** Of an HTTP API: API Gateway verifies a token itself. */
export interface JwtAuthorizer {
  type: 'JWT';
  /** The construct path of the authorizer. */
  path: string;
  /** As in the token's `iss`. */
  issuer: string;
  audiences: string[];
  /** `$request.header.Authorization` or `$request.querystring.token`. */
  identitySource: string;
}

/** Of a REST API: API Gateway verifies a token of Cognito itself. */
export interface UserPoolAuthorizer {
  type: 'COGNITO_USER_POOLS';
  path: string;
  /** The issuers of the user pools, one of which the token must be from. */
  issuers: string[];
  /** `method.request.header.Authorization`. */
  identitySource: string;
  /** A regular expression for the token's `aud`. */
  validation?: string;
}

/** A function that decides. */
export interface HttpLambdaAuthorizer {
  /** `TOKEN` only for REST APIs. */
  type: 'TOKEN' | 'REQUEST';
  path: string;
  functionName: string;
  qualifier?: string;
  /** If one is missing in a request, the function is not called. A TOKEN authorizer has exactly one. */
  identitySources: string[];
  /** A regular expression for the token of a TOKEN authorizer. */
  validation?: string;
  /** Of an HTTP API. REST APIs have a format of their own. */
  payloadFormat?: '1.0' | '2.0';
  /** Of an HTTP API: the function returns `{ isAuthorized }` instead of a policy. */
  isSimple?: boolean;
  /** How long a result is used again for the same identity. 0 if it is not. */
  cacheSeconds: number;
}
