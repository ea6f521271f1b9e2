/** AWS's JSON protocols: the header `X-Amz-Target` names the operation, and bodies are JSON. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import { readBody } from '../gateway/request-body';

/** Enough for most operations. */
const MAX_REQUEST_BYTES = 256 * 1024;

/** An error with the service's own code and message. */
export class JsonServiceError extends Error {
  constructor(
    readonly code: string,
    /** Empty if the service sends only the code. */
    message = '',
    readonly status = 400,
  ) {
    super(message);
  }
}

/** @throws {JsonServiceError} if it refuses the request */
export type JsonOperation = (input: JsonObject) => JsonObject;

/**
 * Answers one request with the operation that it names.
 * @param service its readable name: `Secrets Manager`
 * @param maxBytes of the request
 */
export async function serveJson(
  request: IncomingMessage,
  response: ServerResponse,
  service: string,
  operations: Record<string, JsonOperation>,
  maxBytes = MAX_REQUEST_BYTES,
): Promise<void> {
  const body = await readBody(request, maxBytes);
  if (body === undefined) return;
  try {
    if (body === 'tooLarge')
      throw new JsonServiceError('RequestEntityTooLarge', 'The request is too large.', 413);
    const name =
      String(request.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) ?? '';
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (!operation) {
      const known = Object.keys(operations).join(', ');
      throw new JsonServiceError(
        'UnsupportedOperation',
        `The runtime supports ${known} of ${service}, but not ${JSON.stringify(name)}.`,
        501,
      );
    }
    answer(response, 200, operation(parse(body)));
  } catch (error) {
    if (!(error instanceof JsonServiceError)) throw error;
    const { code, message, status } = error;
    answer(response, status, { __type: code, ...(message === '' ? {} : { message }) }, code);
  }
}

function parse(body: Buffer): JsonObject {
  try {
    const value: Json = JSON.parse(body.length === 0 ? '{}' : body.toString());
    if (isObject(value)) return value;
  } catch {
    // Reported below, like anything else that is not an object.
  }
  throw new JsonServiceError('SerializationException', 'The request is not a JSON object.');
}

function answer(response: ServerResponse, status: number, content: JsonObject, errorType?: string): void {
  const body = JSON.stringify(content);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': Buffer.byteLength(body),
    ...(errorType === undefined ? {} : { 'x-amzn-errortype': errorType }),
  });
  response.end(body);
}
