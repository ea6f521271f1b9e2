/** HTTP APIs, REST APIs and function URLs, in one form. */
import type { HttpAuthorizer } from './http-authorizer';
import type { HttpNotRun } from './not-run';
import type { ApiKeySettings, StageThrottling } from './websocket-api';

export type HttpApiKind = 'HTTP' | 'REST' | 'FUNCTION_URL';

export interface HttpApi {
  kind: HttpApiKind;
  /** The construct path in the app, for messages. */
  path: string;
  /** For a function URL, the first label of its host. */
  apiId: string;
  name: string;
  /** For a function URL: the function, its version or its alias. */
  functionArn?: string;
  stages: HttpStage[];
  routes: HttpRoute[];
  /** CORS that API Gateway or Lambda handles itself. REST APIs have routes for it. */
  cors?: CorsRules;
  /** For a REST API with a method that requires API keys. */
  apiKeys?: ApiKeySettings;
  /** For a REST API: error responses of the app's own, by response type. @default API Gateway's */
  gatewayResponses?: Record<string, GatewayResponse>;
  /** For a REST API: content types that are sent as base64. */
  binaryMediaTypes: string[];
}

/** Replaces an error response of a REST API. */
export interface GatewayResponse {
  /** @default as without it */
  statusCode?: number;
  /** Constants in single quotes, or `method.request.header.origin`, `context.requestId` and the like. */
  headers: Record<string, string>;
  /** By content type. */
  templates: Record<string, string>;
}

export interface HttpStage {
  /** `$default` does not appear in the path. */
  stageName: string;
  variables: Record<string, string>;
  /** By route key, or by a REST API's resource and method: `/rooms/{id}/GET`, `/rooms/{id}/*`. */
  throttling?: StageThrottling;
}

export interface HttpRoute {
  path: string;
  /** `GET`, `POST`, …, or `ANY`. */
  method: string;
  /** `/rooms/{id}`, `/{proxy+}`, or `$default` for requests that match no other route. */
  resource: string;
  /** IAM: the caller signs the request, and its policies must allow it. @default requests need no signature */
  authorization?: 'AWS_IAM';
  /** Decides on a request before the integration runs. @default none */
  authorizer?: HttpAuthorizer;
  /** A token must have one of these scopes, if there are any. @default none */
  authorizationScopes?: string[];
  /** Whether a REST API's method requires an API key. */
  apiKeyRequired?: boolean;
  integration: HttpApiIntegration;
  /** By stage name, if a stage's integration differs. */
  integrationsByStage?: Record<string, HttpApiIntegration>;
}

export type HttpApiIntegration = HttpLambdaIntegration | StaticAnswer | HttpNotRun;

export interface HttpLambdaIntegration {
  type: 'AWS_PROXY';
  functionName: string;
  qualifier?: string;
  timeoutMillis: number;
  payloadFormat: '1.0' | '2.0';
}

/** A MOCK integration with a constant response, as the CDK creates for CORS. */
export interface StaticAnswer {
  type: 'MOCK';
  statusCode: number;
  headers: Record<string, string>;
}

export interface CorsRules {
  allowOrigins: string[];
  allowMethods: string[];
  allowHeaders: string[];
  exposeHeaders: string[];
  allowCredentials: boolean;
  maxAgeSeconds?: number;
}
