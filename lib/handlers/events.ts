/**
 * The events that API Gateway sends to a WebSocket API's functions, and Lambda's context: only the fields that we
 * read.
 * Source: API Gateway Developer Guide, "Set up a WebSocket API integration request".
 */
interface RequestContext {
  routeKey: string;
  stage: string;
  domainName: string;
  connectionId: string;
  apiId: string;
  requestId: string;
  /** Milliseconds since the epoch. */
  connectedAt: number;
  requestTimeEpoch: number;
  identity: { sourceIp: string; userAgent?: string };
  authorizer?: { principalId?: string; [key: string]: unknown };
}

export interface ConnectEvent {
  headers: Record<string, string>;
  multiValueHeaders: Record<string, string[]>;
  queryStringParameters?: Record<string, string>;
  multiValueQueryStringParameters?: Record<string, string[]>;
  requestContext: RequestContext & { eventType: 'CONNECT' };
  isBase64Encoded: boolean;
}

export interface MessageEvent {
  requestContext: RequestContext & { eventType: 'MESSAGE'; messageId: string };
  body?: string;
  isBase64Encoded: boolean;
}

export interface DisconnectEvent {
  requestContext: RequestContext & {
    eventType: 'DISCONNECT';
    disconnectStatusCode?: number;
    disconnectReason?: string;
  };
  isBase64Encoded: boolean;
}

export type GatewayEvent = ConnectEvent | MessageEvent | DisconnectEvent;

export interface LambdaContext {
  awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface RouteResult {
  statusCode: number;
  /** Of `$connect`: only `Sec-WebSocket-Protocol` reaches the client. */
  headers?: Record<string, string>;
}
