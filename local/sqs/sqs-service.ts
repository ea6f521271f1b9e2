/** SQS over HTTP: its JSON protocol, and the Query protocol of older SDKs and of version 1 of the AWS CLI. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type JsonObject } from '../assembly/values/json';
import { hostName } from '../endpoint/host-header';
import { answerQuery, answerQueryError, readQuery } from '../endpoint/query-protocol';
import type { RequestHandler } from '../endpoint/request-router';
import { readBody } from '../gateway/request-body';
import { type Caller, OPERATIONS } from './operations';
import { fromQuery, toQuery } from './query-shapes';
import type { Queue } from './queue';
import type { Queues } from './queues';
import { SqsError } from './sqs-error';

const NAMESPACE = 'http://queue.amazonaws.com/doc/2012-11-05/';
/** A batch of at most 1 MB, with every byte escaped. */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024;
const TARGET = /^AmazonSQS\.(\w+)$/;

export interface SqsServiceOptions {
  queues: Queues;
  region: string;
  accountId: string;
}

export class SqsService implements RequestHandler {
  readonly #options: SqsServiceOptions;

  constructor(options: SqsServiceOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, MAX_REQUEST_BYTES);
    if (body === undefined) return;
    const target = request.headers['x-amz-target'];
    const answer =
      typeof target === 'string' ? jsonAnswer(response, target) : queryAnswer(request, response, body);
    try {
      if (body === 'tooLarge') {
        throw new SqsError('RequestEntityTooLarge', `A request may have at most ${MAX_REQUEST_BYTES} bytes.`);
      }
      const { action, input } = answer.read(body);
      const operation = Object.hasOwn(OPERATIONS, action) ? OPERATIONS[action] : undefined;
      if (!operation) throw notRun(action);
      answer.succeed(action, await operation(input, this.#caller(request, response), this.#options.queues));
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      answer.fail(error);
    }
  }

  #caller(request: IncomingMessage, response: ServerResponse): Caller {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    return { urlOf: (queue) => this.#url(queue, request.headers.host), signal: gone.signal };
  }

  /** The queue URL with the host of the caller's request, because older SDKs send requests to the URL's host. */
  #url({ settings }: Queue, host: string | undefined): string {
    const { region, accountId } = this.#options;
    const isAws = hostName(host)?.includes('.amazonaws.com') ?? true;
    const origin = isAws ? `https://sqs.${region}.amazonaws.com` : `http://${host}`;
    return `${origin}/${accountId}/${settings.queueName}`;
  }
}

interface Answer {
  read(body: Buffer): { action: string; input: JsonObject };
  succeed(action: string, result: JsonObject): void;
  fail(error: SqsError): void;
}

function jsonAnswer(response: ServerResponse, target: string): Answer {
  const send = (status: number, content: JsonObject, headers: Record<string, string> = {}) => {
    const text = JSON.stringify(content);
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(text),
      'x-amzn-requestid': randomUUID(),
      ...headers,
    });
    response.end(text);
  };
  return {
    read: (body) => ({ action: TARGET.exec(target)?.[1] ?? target, input: parse(body) }),
    succeed: (_, result) => send(200, result),
    fail: ({ status, code, shape, message }) =>
      send(status, { __type: shape, message }, { 'x-amzn-query-error': `${code};Sender` }),
  };
}

function queryAnswer(request: IncomingMessage, response: ServerResponse, body: Buffer | 'tooLarge'): Answer {
  return {
    read: () => {
      const query = readQuery(request.url ?? '', body === 'tooLarge' ? Buffer.alloc(0) : body);
      if (!query) throw new SqsError('MissingAction', 'The request has no Action.');
      // In the oldest form of a request, only the path names the queue.
      const QueueUrl = request.url?.split('?')[0] ?? '';
      return { action: query.action, input: { QueueUrl, ...fromQuery(query.input) } };
    },
    succeed: (action, result) => answerQuery(response, action, toQuery(action, result), NAMESPACE),
    fail: ({ status, code, message }) => answerQueryError(response, status, code, message, NAMESPACE),
  };
}

/** @throws {SqsError} for anything other than a JSON object */
function parse(body: Buffer): JsonObject {
  try {
    const input = JSON.parse(body.length === 0 ? '{}' : body.toString());
    if (isObject(input)) return input;
  } catch {
    // Reported below.
  }
  throw new SqsError(
    'SerializationException',
    'The request is not a JSON object.',
    'com.amazon.coral.service#SerializationException',
  );
}

function notRun(action: string): SqsError {
  const known = Object.keys(OPERATIONS).join(', ');
  return new SqsError(
    'UnsupportedOperation',
    `The runtime supports ${known} of SQS, but not ${JSON.stringify(action)}. Queues come from the app's template.`,
  );
}
