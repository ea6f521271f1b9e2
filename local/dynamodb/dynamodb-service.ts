/** DynamoDB's protocol: one operation for each request, JSON in and out, and a checksum with each response. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json } from '../assembly/values/json';
import type { RequestHandler } from '../endpoint/request-router';
import { loseAnswer } from '../faults/lost-answer';
import { onBody, type RequestBody } from '../gateway/request-body';
import type { Access } from '../iam/access';
import { denialMessage } from '../iam/denial';
import { JSON_FAULTS } from '../iam/fault-codes';
import type { Identity } from '../iam/identities';
import { dynamoDbAccess } from '../iam/requests/dynamodb-access';
import { SignatureFault } from '../iam/signature-fault';
import type { Log } from '../log';
import { crc32 } from './checksum';
import type { Database } from './database';
import {
  accessDenied,
  DynamoDbError,
  internalError,
  serializationError,
  signatureError,
  unknownOperation,
} from './dynamodb-error';
import { execute, isOperation } from './operations/operations';
import { requestId } from './request-id';
import { executeOnStreams, isStreamOperation } from './streams/stream-operations';

const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
const API = 'DynamoDB_20120810';
const STREAMS_API = 'DynamoDBStreams_20120810';
const JSON_TYPE = 'application/x-amz-json-1.0';
/** More than there are operations. */
const MAX_TARGETS = 200;

/** Deeper JSON than any request needs is refused, because a parser would use all memory for it. */
const MAX_NESTING = 500;
/** Shorter text cannot be deep enough to cause harm. */
const SHORT_BYTES = 16 * 1024;

export interface DynamoDbServiceOptions {
  database: Database;
  log: Log;
  /** Decides for each request whether the connection is reset instead of answered. */
  losesAnswer?: (() => boolean) | undefined;
  /** Decides who may do what. @default everybody may do everything */
  access?: Access | undefined;
}

export class DynamoDbService implements RequestHandler {
  readonly #database: Database;
  readonly #log: Log;
  readonly #losesAnswer: (() => boolean) | undefined;
  readonly #access: Access | undefined;

  constructor(options: DynamoDbServiceOptions) {
    this.#database = options.database;
    this.#access = options.access;
    this.#log = options.log;
    this.#losesAnswer = options.losesAnswer;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    onBody(request, MAX_REQUEST_BYTES, (body) => {
      try {
        this.#answer(request, response, body);
      } catch (error) {
        this.#fault(error);
        response.destroy();
      }
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: RequestBody): void {
    if (body === 'tooLarge') {
      response.writeHead(413, { connection: 'close', 'x-amzn-requestid': requestId() });
      response.end();
      return;
    }
    if (request.method === 'GET') {
      const { region } = this.#database.options;
      answerText(response, 200, `healthy: dynamodb.${region}.amazonaws.com `);
      return;
    }
    const type = mediaType(request.headers['content-type']);
    const isJson = type === JSON_TYPE || type === 'application/json';
    if (request.method !== 'POST' || (body.length > 0 && !isJson)) {
      answerText(response, 404, '<UnknownOperationException/>\n');
      return;
    }
    const [status, content] = this.#run(request, body);
    if (this.#losesAnswer?.()) {
      loseAnswer(request.socket);
      return;
    }
    const bytes = Buffer.byteLength(content);
    response.writeHead(status, {
      'x-amzn-requestid': requestId(),
      'content-type': type === JSON_TYPE ? type : 'application/json',
      'content-length': bytes,
      'x-amz-crc32': crc32(content),
    });
    // As text, it leaves in one write with its headers. As ASCII, it needs no encoding.
    response.end(content, bytes === content.length ? 'latin1' : 'utf8');
  }

  #run(request: IncomingMessage, body: Buffer): [number, string] {
    try {
      const caller = this.#access && authenticate(this.#access, request, body);
      const json = parse(body);
      const { operation, isOfStreams } = targetOf(String(request.headers['x-amz-target'] ?? ''));
      if (json === undefined) throw serializationError();
      if (this.#access && caller) authorize(this.#access, caller, operation, json);
      const run = isOfStreams ? executeOnStreams : execute;
      return [200, JSON.stringify(run(this.#database, operation, json))];
    } catch (error) {
      const known = error instanceof DynamoDbError ? error : this.#fault(error);
      return [known.status, JSON.stringify(known.body)];
    }
  }

  /** A bug here must not affect other requests. */
  #fault(error: unknown): DynamoDbError {
    this.#log.error(`DynamoDB failed: ${error instanceof Error ? error.stack : error}`);
    return internalError('Internal server error');
  }
}

/** @throws {DynamoDbError} if the request is not signed by a known caller */
function authenticate(access: Access, request: IncomingMessage, body: Buffer): Identity {
  try {
    return access.authenticate(request, 'dynamodb', body);
  } catch (error) {
    if (!(error instanceof SignatureFault)) throw error;
    throw signatureError(
      JSON_FAULTS[error.kind],
      error.kind === 'missing' ? 'Request is missing Authentication Token' : error.message,
    );
  }
}

/** @throws {DynamoDbError} if the caller may not do it. */
function authorize(access: Access, caller: Identity, operation: string, input: Json): void {
  if (access.mayDoEverything(caller)) return;
  for (const wanted of dynamoDbAccess(operation, input, access.app)) {
    const denial = access.refusal(caller, wanted);
    if (denial) throw accessDenied(denialMessage(denial));
  }
}

interface Target {
  operation: string;
  isOfStreams: boolean;
}

/** Those that exist, by the header that names them. */
const targets = new Map<string, Target>();

/** @throws {DynamoDbError} if there is no such operation. */
function targetOf(header: string): Target {
  const known = targets.get(header);
  if (known) return known;
  const [api, operation = '', ...rest] = header.split('.');
  const isOfStreams = api === STREAMS_API;
  const isKnown = isOfStreams ? isStreamOperation(operation) : api === API && isOperation(operation);
  if (rest.length > 0 || !isKnown) throw unknownOperation();
  const target = { operation, isOfStreams };
  if (targets.size < MAX_TARGETS) targets.set(header, target);
  return target;
}

/** Undefined if there is none. @throws {DynamoDbError} if it is no JSON. */
function parse(body: Buffer): Json | undefined {
  if (body.length === 0) return undefined;
  if (body.length > SHORT_BYTES && isDeep(body)) throw serializationError();
  try {
    return JSON.parse(body.toString());
  } catch {
    throw serializationError();
  }
}

const [QUOTE, BACKSLASH, OPENING, CLOSING] = ['"', '\\', '[{', ']}'].map((text) => [
  ...Buffer.from(text),
]) as [[number], [number], [number, number], [number, number]];

function isDeep(body: Buffer): boolean {
  let depth = 0;
  let isText = false;
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index] as number;
    if (isText) {
      if (byte === BACKSLASH[0]) index += 1;
      else if (byte === QUOTE[0]) isText = false;
    } else if (byte === QUOTE[0]) isText = true;
    else if (byte === OPENING[0] || byte === OPENING[1]) {
      depth += 1;
      if (depth > MAX_NESTING) return true;
    } else if (byte === CLOSING[0] || byte === CLOSING[1]) depth -= 1;
  }
  return false;
}

/** The media type without its parameters. */
function mediaType(header = ''): string {
  return header === JSON_TYPE ? header : (header.split(';', 1)[0] ?? '').trim();
}

function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    ...{ 'x-amzn-requestid': requestId(), 'content-length': Buffer.byteLength(text) },
    'x-amz-crc32': crc32(text),
  });
  response.end(text);
}
