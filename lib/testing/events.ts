/** Events as API Gateway sends them, and Lambda's context, with overrides for each test. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { ConnectEvent, DisconnectEvent, LambdaContext, MessageEvent } from '../handlers/events';

export interface EventOptions {
  webSocketId?: string;
  /** @default 'chat' */
  stage?: string;
  /** Milliseconds since the epoch. @default the time now */
  time?: number;
  /** @default `time` */
  connectedAt?: number;
  principalId?: string;
  /** What an authorizer returned about the client. */
  authorizer?: Record<string, unknown>;
}

const DOMAIN = 'abcdef1234.execute-api.us-east-1.amazonaws.com';

/** A connection id in API Gateway's format: eleven bytes in URL-safe base64. */
export function newWebSocketId(): string {
  const bytes = randomBytes(11);
  bytes[10] = (bytes[10] as number) & 0b1111_1100;
  return `${bytes.toString('base64url')}=`;
}

let messages = 0;

/** A message id. Each is greater than the one before. */
function newMessageId(): string {
  const bytes = Buffer.alloc(11);
  bytes.writeUIntBE(++messages, 0, 6);
  return `${bytes.toString('base64url')}=`;
}

export function connectEvent(
  options: EventOptions & { headers?: Record<string, string>; query?: Record<string, string> } = {},
): ConnectEvent {
  const headers = {
    Host: DOMAIN,
    'Sec-WebSocket-Version': '13',
    'X-Forwarded-For': '203.0.113.7',
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
    ...options.headers,
  };
  const { query } = options;
  return {
    headers,
    multiValueHeaders: many(headers),
    ...(query && { queryStringParameters: query, multiValueQueryStringParameters: many(query) }),
    requestContext: { routeKey: '$connect', eventType: 'CONNECT', ...requestContext(options) },
    isBase64Encoded: false,
  };
}

export function messageEvent(body: string, options: EventOptions = {}): MessageEvent {
  return {
    requestContext: {
      routeKey: '$default',
      messageId: newMessageId(),
      eventType: 'MESSAGE',
      ...requestContext(options),
    },
    body,
    isBase64Encoded: false,
  };
}

export function disconnectEvent(
  options: EventOptions & { closeCode?: number; reason?: string } = {},
): DisconnectEvent {
  return {
    requestContext: {
      routeKey: '$disconnect',
      disconnectStatusCode: options.closeCode ?? 1005,
      eventType: 'DISCONNECT',
      disconnectReason: options.reason ?? 'Client-side close frame status not set',
      ...requestContext(options),
    },
    isBase64Encoded: false,
  };
}

/** `remainingMilliseconds` stays the same however long the test takes. @default 29,000 */
export function lambdaContext(
  options: { requestId?: string; remainingMilliseconds?: number } = {},
): LambdaContext {
  return {
    awsRequestId: options.requestId ?? randomUUID(),
    getRemainingTimeInMillis: () => options.remainingMilliseconds ?? 29_000,
  };
}

function requestContext(options: EventOptions) {
  const time = options.time ?? Date.now();
  return {
    stage: options.stage ?? 'chat',
    connectedAt: options.connectedAt ?? time,
    requestTimeEpoch: time,
    identity: { sourceIp: '203.0.113.7' },
    requestId: newWebSocketId(),
    domainName: DOMAIN,
    connectionId: options.webSocketId ?? newWebSocketId(),
    apiId: 'abcdef1234',
    ...((options.principalId ?? options.authorizer) !== undefined && {
      authorizer: {
        ...options.authorizer,
        ...(options.principalId !== undefined && { principalId: options.principalId }),
      },
    }),
  };
}

function many(values: Record<string, string>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]));
}
