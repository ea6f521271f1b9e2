/** Lambda's Invoke API over HTTP, for the SDKs and the AWS CLI. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../gateway/request-body';
import { TOO_MANY_REQUESTS } from './failure';
import type { FunctionHost } from './function-host';
import type { InvocationOutcome } from './invocation';
import { type InvokeReference, invokeReference } from './invoke-reference';

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const MAX_PAYLOAD_BYTES = { RequestResponse: 6 * 1024 * 1024, Event: 1024 * 1024, DryRun: 6 * 1024 * 1024 };
type InvocationType = keyof typeof MAX_PAYLOAD_BYTES;

/** Answers a request for the Invoke API and returns true. Otherwise does nothing and returns false. */
export type InvokeHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

export function invokeHandler(host: FunctionHost): InvokeHandler {
  return (request, response) => {
    const reference = invokeReference(request.method ?? 'GET', request.url ?? '/');
    if (!reference) return false;
    answerInvoke(host, reference, request).then(
      (answer) => send(response, answer),
      // The client has disconnected in the middle of its request, so there is no response.
      () => {
        if (!request.complete) response.destroy();
        else send(response, refusal(500, 'ServiceException', 'Internal server error', { Type: 'Service' }));
      },
    );
    return true;
  };
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

async function answerInvoke(
  host: FunctionHost,
  reference: InvokeReference,
  request: IncomingMessage,
): Promise<Answer> {
  const type = invocationType(request);
  const payload = await readPayload(request, type ? MAX_PAYLOAD_BYTES[type] : 0);
  if (type === undefined) {
    const given = String(request.headers['x-amz-invocation-type']);
    const message = `1 validation error detected: Value '${given}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]`;
    return refusal(400, 'ValidationException', message);
  }
  if (reference.isContradictory) {
    const message = 'The derived qualifier from the function name does not match the specified qualifier.';
    return refusal(400, 'InvalidParameterValueException', message);
  }
  const { name, arn } = calledFunction(host, reference);
  if (!name || !host.find(name)) {
    return refusal(404, 'ResourceNotFoundException', `Function not found: ${arn}`);
  }
  if (payload === undefined) {
    const message = `Request must be smaller than ${MAX_PAYLOAD_BYTES[type]} bytes for the InvokeFunction operation`;
    return refusal(413, 'RequestEntityTooLargeException', message);
  }
  const fault = jsonFault(payload);
  if (fault !== undefined) {
    const message = `Could not parse request body into json: Could not parse payload into json: ${fault}`;
    return refusal(400, 'InvalidRequestContentException', message);
  }
  const event = payload === '' ? '{}' : payload;
  if (type === 'DryRun') return { status: 204, headers: { 'x-amzn-RequestId': randomUUID() }, body: '' };
  if (type === 'Event') {
    const requestId = host.invokeAsync(name, event);
    if (requestId === undefined) return throttled('Rate Exceeded.');
    return { status: 202, headers: { 'x-amzn-RequestId': requestId }, body: '' };
  }
  const clientContext = clientContextOf(request);
  if (clientContext === null) {
    const message = 'Client context must be a valid Base64-encoded JSON object.';
    return refusal(400, 'InvalidRequestContentException', message);
  }
  const version = host.versionOf(name) ?? '$LATEST';
  return outcomeAnswer(await host.invoke(name, event, undefined, clientContext), version);
}

function invocationType(request: IncomingMessage): InvocationType | undefined {
  const given = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  return typeof given === 'string' && Object.hasOwn(MAX_PAYLOAD_BYTES, given)
    ? (given as InvocationType)
    : undefined;
}

/** The name with its qualifier, if the reference is to this account and region, and the ARN for error messages. */
function calledFunction(host: FunctionHost, { text, region, account, name, qualifier }: InvokeReference) {
  const version = qualifier === undefined ? '' : `:${qualifier}`;
  const arn = `arn:aws:lambda:${region ?? host.region}:${account ?? host.accountId}:function:${name ?? text}${version}`;
  const isHere =
    (region === undefined || region === host.region) && (account === undefined || account === host.accountId);
  return { name: isHere && name !== undefined ? `${name}${version}` : undefined, arn };
}

/** The body as text; undefined if it is too large. */
async function readPayload(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const body = await readBody(request, maxBytes);
  if (body === undefined) throw new Error('The client has disconnected.');
  return body === 'tooLarge' ? undefined : body.toString();
}

function jsonFault(payload: string): string | undefined {
  if (payload === '') return undefined;
  try {
    JSON.parse(payload);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** JSON text; undefined without the header; null if it is not valid. */
function clientContextOf(request: IncomingMessage): string | undefined | null {
  const header = request.headers['x-amz-client-context'];
  if (typeof header !== 'string') return undefined;
  const text = Buffer.from(header, 'base64').toString();
  return text.startsWith('{') && jsonFault(text) === undefined ? text : null;
}

function outcomeAnswer(outcome: InvocationOutcome, version: string): Answer {
  if (outcome.kind === 'failure' && outcome.errorType === TOO_MANY_REQUESTS) {
    return throttled(outcome.errorMessage);
  }
  if (outcome.kind === 'failure' && outcome.errorType === 'ServiceException') {
    return refusal(500, 'ServiceException', outcome.errorMessage, { Type: 'Service' });
  }
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json',
      'x-amzn-RequestId': outcome.requestId,
      'X-Amz-Executed-Version': version,
      ...(outcome.kind === 'failure' ? { 'X-Amz-Function-Error': 'Unhandled' } : {}),
    },
    body: outcome.payload,
  };
}

function throttled(message: string): Answer {
  return refusal(429, TOO_MANY_REQUESTS, message, { Reason: 'ConcurrentInvocationLimitExceeded' });
}

function refusal(
  status: number,
  errorType: string,
  message: string,
  more: Record<string, string> = {},
): Answer {
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      'x-amzn-RequestId': randomUUID(),
      'x-amzn-ErrorType': errorType,
    },
    body: JSON.stringify({ Type: 'User', Message: message, ...more }),
  };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(
    status,
    status === 204 ? headers : { ...headers, 'Content-Length': Buffer.byteLength(body) },
  );
  response.end(body);
}
