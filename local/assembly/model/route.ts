/** A route of a WebSocket API, and the checks that precede its integration. */
import type { JsonObject } from '../values/json';
import type { Integration } from './integration';
import type { NotRun } from './not-run';

export interface Route {
  path: string;
  /** `$connect`, `$disconnect`, `$default` or a custom key. */
  routeKey: string;
  /** Only on `$connect`: authorizes a handshake before the integration runs. */
  authorizer?: Authorizer;
  integration: Integration;
  /**
   * By stage name, if a stage's integration differs: stage variables in its URI, or permissions for some stages only.
   */
  integrationsByStage?: Record<string, Integration>;
  /** `route.request.querystring.room` and the like, and whether a handshake must have it. */
  parameters?: Record<string, { isRequired: boolean }>;
  validation?: Validation;
  apiKeyRequired?: boolean;
  /** Two-way: a `$default` route response exists and is selected, so the function's body is sent to the client. */
  returnsResponse: boolean;
}

/** The models that messages must conform to, by key, and the expression that selects one. */
export interface Validation {
  selectionExpression: string;
  models: Record<string, { path: string; schema: JsonObject }>;
}

/** Every kind of authorizer that the gateway can run is a member. */
export type Authorizer = LambdaAuthorizer | IamAuthorizer | NotRun;

/** A function that returns a policy, which allows or denies the connection. */
export interface LambdaAuthorizer {
  type: 'REQUEST';
  /** The construct path of the authorizer. */
  path: string;
  functionName: string;
  qualifier?: string;
  /** `route.request.header.Authorization` and the like. If one is missing, the function is not called. */
  identitySources: string[];
}

/** IAM: the client signs the handshake, and its policies must allow it to invoke `$connect`. */
export interface IamAuthorizer {
  type: 'AWS_IAM';
  /** The construct path of the route. */
  path: string;
}
