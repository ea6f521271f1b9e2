/** The events of the Lambda proxy integration, as JSON: every key, its order and its format as API Gateway sends them. */
import { commonLogTime } from '../common-log-time';
import type { CloseCause } from './close-codes';
import type { ConnectHeaders, ConnectQuery } from './connect-request';
import type { DeployedStage } from './deployed-stage';

/** What every event of one connection repeats. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly stage: DeployedStage;
  /** By which the client connected. */
  readonly domainName: string;
  readonly connectedAt: number;
  /** Without `userAgent` if the client sent none. */
  readonly identity: { readonly userAgent?: string; readonly sourceIp: string };
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
): string {
  return JSON.stringify({
    headers: headers.headers,
    multiValueHeaders: headers.multiValueHeaders,
    queryStringParameters: query?.queryStringParameters,
    multiValueQueryStringParameters: query?.multiValueQueryStringParameters,
    stageVariables: connection.stage.stageVariables,
    requestContext: {
      routeKey: '$connect',
      eventType: 'CONNECT',
      ...arrival(request),
      ...origin(connection, request),
    },
    isBase64Encoded: false,
  });
}

export function messageEvent(
  connection: ConnectionFacts,
  request: EventRequest & { messageId: string; routeKey: string },
  body: string,
): string {
  return JSON.stringify({
    stageVariables: connection.stage.stageVariables,
    requestContext: {
      routeKey: request.routeKey,
      messageId: request.messageId,
      eventType: 'MESSAGE',
      ...arrival(request),
      ...origin(connection, request),
    },
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
    requestContext: {
      routeKey: '$disconnect',
      disconnectStatusCode: cause.code,
      eventType: 'DISCONNECT',
      ...arrival(request),
      disconnectReason: cause.reason,
      ...origin(connection, request),
    },
    isBase64Encoded: false,
  });
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
