/**
 * The events of the Lambda proxy integration, as JSON: every key, its order and its format as API Gateway sends them.
 */
import { commonLogTime } from '../common-log-time';
import type { CloseCause } from './close-codes';
import type { ConnectHeaders, ConnectQuery } from './connect-request';
import type { DeployedStage } from './deployed-stage';

/** The client's identity. IAM's members are present only if IAM authorizes `$connect`. */
export interface CallerIdentity {
  /** This and `apiKeyId` are present if the handshake required an API key. */
  readonly apiKey?: string;
  readonly apiKeyId?: string;
  readonly accountId?: string;
  readonly caller?: string;
  readonly sourceIp: string;
  readonly accessKey?: string;
  readonly userArn?: string;
  readonly userAgent?: string;
  readonly user?: string;
}

/** What the authorizer's function returned about the client, and the `principalId`. */
export type AuthorizerContext = Readonly<Record<string, string>>;

/** What all events of a connection have in common. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly stage: DeployedStage;
  /** The host that the client connected to. */
  readonly domainName: string;
  readonly connectedAt: number;
  readonly identity: CallerIdentity;
  /** Absent if `$connect` has no Lambda authorizer. */
  readonly authorizer?: AuthorizerContext;
}

export interface EventRequest {
  requestId: string;
  /** Milliseconds since the epoch. */
  time: number;
}

export function connectEvent(
  connection: ConnectionFacts,
  request: EventRequest,
  headers: ConnectHeaders,
  query: ConnectQuery | undefined,
  integrationLatency?: number,
): string {
  return JSON.stringify({
    headers: headers.headers,
    multiValueHeaders: headers.multiValueHeaders,
    queryStringParameters: query?.queryStringParameters,
    multiValueQueryStringParameters: query?.multiValueQueryStringParameters,
    stageVariables: connection.stage.stageVariables,
    requestContext: connectContext(connection, request, integrationLatency),
    isBase64Encoded: false,
  });
}

/** The event of an authorizer. Empty parts are included as `{}`. */
export function authorizerEvent(
  connection: ConnectionFacts,
  request: EventRequest,
  methodArn: string,
  headers: ConnectHeaders,
  query: ConnectQuery | undefined,
): string {
  return JSON.stringify({
    type: 'REQUEST',
    methodArn,
    headers: headers.headers,
    multiValueHeaders: headers.multiValueHeaders,
    queryStringParameters: query?.queryStringParameters ?? {},
    multiValueQueryStringParameters: query?.multiValueQueryStringParameters ?? {},
    stageVariables: connection.stage.stageVariables ?? {},
    requestContext: connectContext(connection, request),
  });
}

export function connectContext(
  connection: ConnectionFacts,
  request: EventRequest,
  integrationLatency?: number,
): object {
  const { authorizer } = connection;
  return {
    routeKey: '$connect',
    authorizer: authorizer && { ...authorizer, integrationLatency },
    eventType: 'CONNECT',
    ...arrival(request),
    ...origin(connection, request),
  };
}

export type MessageRequest = EventRequest & { messageId: string; routeKey: string };

export function messageContext(connection: ConnectionFacts, request: MessageRequest): object {
  return {
    routeKey: request.routeKey,
    authorizer: connection.authorizer,
    messageId: request.messageId,
    eventType: 'MESSAGE',
    ...arrival(request),
    ...origin(connection, request),
  };
}

export function messageEvent(connection: ConnectionFacts, request: MessageRequest, body: string): string {
  return JSON.stringify({
    stageVariables: connection.stage.stageVariables,
    requestContext: messageContext(connection, request),
    body,
    isBase64Encoded: false,
  });
}

export function disconnectEvent(
  connection: ConnectionFacts,
  request: EventRequest,
  cause: CloseCause,
): string {
  const headers = {
    Host: connection.domainName,
    'x-api-key': '',
    'X-Forwarded-For': '',
    'x-restapi': '',
  };
  return JSON.stringify({
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    stageVariables: connection.stage.stageVariables,
    requestContext: disconnectContext(connection, request, cause),
    isBase64Encoded: false,
  });
}

export function disconnectContext(
  connection: ConnectionFacts,
  request: EventRequest,
  cause: CloseCause,
): object {
  return {
    routeKey: '$disconnect',
    authorizer: connection.authorizer,
    disconnectStatusCode: cause.code,
    eventType: 'DISCONNECT',
    ...arrival(request),
    disconnectReason: cause.reason,
    ...origin(connection, request),
  };
}

function arrival({ requestId, time }: EventRequest) {
  return { extendedRequestId: requestId, requestTime: commonLogTime(time), messageDirection: 'IN' };
}

function origin(connection: ConnectionFacts, { requestId, time }: EventRequest) {
  return {
    stage: connection.stage.stageName,
    connectedAt: connection.connectedAt,
    requestTimeEpoch: time,
    identity: connection.identity,
    requestId,
    domainName: connection.domainName,
    connectionId: connection.connectionId,
    apiId: connection.stage.apiId,
  };
}
