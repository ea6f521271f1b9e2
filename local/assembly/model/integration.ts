/** The integrations of WebSocket routes: what runs for a message. */
import type { NotRun } from './not-run';

/** What a route runs. Every kind that the gateway can run is a member. */
export type Integration =
  | LambdaIntegration
  | LambdaCustomIntegration
  | HttpIntegration
  | MockIntegration
  | ServiceIntegration
  | NotRun;

export interface LambdaIntegration {
  type: 'AWS_PROXY';
  functionName: string;
  /** The alias or version in the integration. */
  qualifier?: string;
  /** 50 to 29,000. */
  timeoutMillis: number;
}

/** Runs a function with an event made from templates. */
export interface LambdaCustomIntegration extends TemplatedIntegration {
  type: 'AWS_LAMBDA';
  functionName: string;
  qualifier?: string;
  parameters: Record<string, string>;
  /** 50 to 29,000. */
  timeoutMillis: number;
}

/** Sends each message to a URL: HTTP through templates, HTTP_PROXY unchanged. */
export interface HttpIntegration extends TemplatedIntegration {
  type: 'HTTP' | 'HTTP_PROXY';
  /** Path parameters appear as `{name}`. */
  url: string;
  method: string;
  parameters: Record<string, string>;
  /** 50 to 29,000. */
  timeoutMillis: number;
}

/** Answers from templates alone. */
export interface MockIntegration extends TemplatedIntegration {
  type: 'MOCK';
}

/** Calls one of the runtime's AWS services with a request made from templates. */
export interface ServiceIntegration extends TemplatedIntegration {
  type: 'AWS';
  /** As in the service's host name: `sqs`, `dynamodb`. */
  service: string;
  method: string;
  /** `/{account}/{queue}` or an action of the service. */
  target: { kind: 'path' | 'action'; name: string };
  /** The role that API Gateway assumes for the call. */
  roleArn: string;
  /** `integration.request.header.Content-Type` from `'application/x-www-form-urlencoded'`, and the like. */
  parameters: Record<string, string>;
  /** 50 to 29,000. */
  timeoutMillis: number;
}

/** Integrations other than Lambda proxies: mapping templates make the request and the response. */
export interface TemplatedIntegration {
  path: string;
  request: TemplateChoice;
  passthrough: 'WHEN_NO_MATCH' | 'WHEN_NO_TEMPLATES' | 'NEVER';
  responses: IntegrationResponse[];
  /** @default text passes unchanged */
  contentHandling?: ContentHandling;
}

export interface IntegrationResponse extends TemplateChoice {
  /** `$default`, or a pattern between slashes for the status or for a function's error message: `/4\d\d/`. */
  key: string;
  contentHandling?: ContentHandling;
}

/** Mapping templates by key, and the expression that selects one. */
export interface TemplateChoice {
  templates: Record<string, string>;
  selectionExpression?: string;
}

export type ContentHandling = 'CONVERT_TO_BINARY' | 'CONVERT_TO_TEXT';
