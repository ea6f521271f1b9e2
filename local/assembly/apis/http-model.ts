/** What the runtime knows of the parts of an app that answer plain HTTP requests: HTTP APIs, REST APIs and function URLs. */
import type { NotRun } from '../model';

export type HttpApiKind = 'HTTP' | 'REST' | 'FUNCTION_URL';

export interface HttpApi {
  kind: HttpApiKind;
  /** The construct path in the app, for messages. */
  path: string;
  /** Of a function URL, the first label of its host. */
  apiId: string;
  name: string;
  stages: HttpStage[];
  routes: HttpRoute[];
  /** What API Gateway or Lambda does about CORS by itself. REST APIs have routes for it. */
  cors?: CorsRules;
  /** Of a REST API: types that travel as base64. */
  binaryMediaTypes: string[];
}

export interface HttpStage {
  /** `$default` has no part in the path. */
  stageName: string;
  variables: Record<string, string>;
}

export interface HttpRoute {
  path: string;
  /** `GET`, `POST`, …, or `ANY`. */
  method: string;
  /** `/rooms/{id}`, `/{proxy+}`, or `$default` for whatever no other route takes. */
  resource: string;
  integration: HttpIntegration;
  /** Where a stage's own integration differs. By stage name. */
  integrationsByStage?: Record<string, HttpIntegration>;
}

export type HttpIntegration = HttpLambdaIntegration | StaticAnswer | NotRun;

export interface HttpLambdaIntegration {
  type: 'AWS_PROXY';
  functionName: string;
  qualifier?: string;
  timeoutMillis: number;
  payloadFormat: '1.0' | '2.0';
}

/** A MOCK integration whose answer does not depend on the request, as the CDK makes for CORS. */
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
