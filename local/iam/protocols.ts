/** The services that are guarded: what their requests ask for, and how they refuse. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json } from '../assembly/values/json';
import { JSON_FAULTS } from './fault-codes';
import type { GuardedProtocol } from './guarded-service';
import { dynamoDbAccess } from './requests/dynamodb-access';

const CORAL = 'com.amazon.coral.service#';

/** Of a DynamoDB that runs elsewhere; the embedded one asks by itself. */
export const DYNAMODB: GuardedProtocol = {
  service: 'dynamodb',
  maxBodyBytes: 16 * 1024 * 1024,
  wanted: (request, body, { app }) => dynamoDbAccess(operationOf(request), parsed(body) ?? {}, app),
  refuseSignature: (request, response, { kind, message }) =>
    sendJson(request, response, 400, { __type: `${CORAL}${JSON_FAULTS[kind]}`, message }),
  refuseAccess: (request, response, message) =>
    sendJson(request, response, 400, { __type: `${CORAL}AccessDeniedException`, Message: message }),
};

/** What a target header names. */
function operationOf({ headers }: IncomingMessage): string {
  return (
    String(headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1) ?? ''
  );
}

function parsed(body: Buffer): Json | undefined {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  content: Record<string, string>,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(content);
  response.writeHead(status, {
    'content-type': request.headers['content-type'] ?? 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
    ...headers,
  });
  response.end(text);
}
