/**
 * The @connections API: POST, GET and DELETE of a connection by id, with statuses, headers and bodies recorded from
 * AWS (bref's samples of 2020 where they exist).
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock';
import type { Faults } from '../faults/faults';
import {
  LIMIT_EXCEEDED_MESSAGE,
  PAYLOAD_TOO_LARGE_MESSAGE,
  SERVER_FAILURE_MESSAGE,
  SERVER_FAILURE_TYPE,
} from './assumptions';
import { DELETED } from './close-codes';
import type { Connection } from './connection';
import type { Connections } from './connections';
import type { DeployedStage } from './deployed-stage';
import { type Ids, isConnectionId } from './ids';
import type { GatewayObserver } from './observer';
import type { SizeLimits } from './quotas';
import { bodyOf } from './refusal';
import { readBody } from './request-body';
import { checkSignature } from './signature';
import type { SignedCallers } from './signed-callers';
import type { Throttles } from './throttles';

interface Answer {
  status: number;
  errorType?: string;
  body?: string;
  /** `false` for the one response that was recorded without it. */
  traceId?: false;
}

const GONE: Answer = { status: 410, errorType: 'GoneException' };
const SENT: Answer = { status: 200 };
const DELETION: Answer = { status: 204 };
const NO_SUCH_METHOD: Answer = failure(
  403,
  'MissingAuthenticationTokenException',
  'Missing Authentication Token',
);
const PAYLOAD_TOO_LARGE: Answer = failure(413, 'PayloadTooLargeException', PAYLOAD_TOO_LARGE_MESSAGE);
const LIMIT_EXCEEDED: Answer = failure(429, 'LimitExceededException', LIMIT_EXCEEDED_MESSAGE);
const SERVER_FAILURE: Answer = failure(500, SERVER_FAILURE_TYPE, SERVER_FAILURE_MESSAGE);

export interface ManagementApiOptions {
  connections: Connections;
  throttles: Throttles;
  ids: Ids;
  clock: Clock;
  limits: SizeLimits;
  /** @default none */
  faults?: Faults | undefined;
  /** @default any request with a well-formed signature is accepted */
  callers?: SignedCallers | undefined;
  observer: GatewayObserver;
}

export class ManagementApi {
  readonly #connections: Connections;
  readonly #throttles: Throttles;
  readonly #ids: Ids;
  readonly #clock: Clock;
  readonly #faults: Faults | undefined;
  readonly #callers: SignedCallers | undefined;

  readonly #limits: SizeLimits;
  readonly #observer: GatewayObserver;

  constructor({
    connections,
    throttles,
    ids,
    clock,
    limits,
    faults,
    callers,
    observer,
  }: ManagementApiOptions) {
    this.#observer = observer;
    this.#limits = limits;
    this.#connections = connections;
    this.#throttles = throttles;
    this.#ids = ids;
    this.#clock = clock;
    this.#faults = faults;
    this.#callers = callers;
  }

  /** Answers a call to `/@connections/{connectionId}` of a stage. */
  async handle(
    stage: DeployedStage,
    connectionId: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await readBody(request, this.#limits.messageBytes);
    if (body === undefined) return;
    const answer = this.#answer(stage, connectionId, request, body);
    if (answer !== undefined) this.#write(response, answer, request.complete);
    this.#observer.called({
      ...{ method: request.method ?? '', connectionId, stageName: stage.stageName },
      ...(answer && { status: answer.status }),
      ...(request.method === 'POST' && body !== 'tooLarge' && { body }),
    });
    if (answer === undefined && !response.closed) await once(response, 'close');
  }

  /** `undefined` if the request stays unanswered until the client gives up. */
  #answer(
    stage: DeployedStage,
    connectionId: string,
    request: IncomingMessage,
    body: Buffer | 'tooLarge',
  ): Answer | undefined {
    const { method = '' } = request;
    if (!['POST', 'GET', 'DELETE'].includes(method)) return NO_SUCH_METHOD;
    // The signature covers the body, which was not kept.
    if (body === 'tooLarge' && this.#callers) return PAYLOAD_TOO_LARGE;
    const refusal =
      this.#callers && body !== 'tooLarge'
        ? this.#callers.refuseManagement(request, body, stage, connectionId)
        : checkSignature(request);
    if (refusal) return { ...refusal, body: bodyOf(refusal) };
    if (!isConnectionId(connectionId)) {
      const answer = failure(400, 'BadRequestException', `Invalid connectionId: ${connectionId}`);
      return { ...answer, traceId: false };
    }
    if (body === 'tooLarge') return PAYLOAD_TOO_LARGE;
    if (!this.#throttles.admitsPost()) return LIMIT_EXCEEDED;
    if (method === 'POST' && this.#faults) {
      const subject = `a post to ${connectionId}`;
      if (this.#faults.strikes('throttled', subject)) return LIMIT_EXCEEDED;
      if (this.#faults.strikes('post-fails', subject)) return SERVER_FAILURE;
      if (this.#faults.strikes('post-hangs', subject)) return undefined;
    }
    const connection = this.#connections.find(stage, connectionId);
    if (!connection) return GONE;
    if (method === 'GET') return { status: 200, body: description(connection) };
    if (method === 'POST') return OUTCOMES[connection.send(body)];
    connection.close(DELETED);
    return DELETION;
  }

  /** Closes the HTTP connection if the request was not read completely. */
  #write(
    response: ServerResponse,
    { status, errorType, body = '', traceId }: Answer,
    isComplete: boolean,
  ): void {
    response.writeHead(status, {
      date: new Date(this.#clock.now()).toUTCString(),
      ...(status !== 204 && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }),
      'x-amzn-requestid': this.#ids.awsRequestId(),
      ...(errorType && { 'x-amzn-errortype': errorType }),
      'x-amz-apigw-id': this.#ids.requestId(),
      ...(traceId !== false && { 'x-amzn-trace-id': this.#ids.traceId() }),
      ...(!isComplete && { connection: 'close' }),
    });
    response.end(body);
  }
}

const OUTCOMES = { sent: SENT, full: LIMIT_EXCEEDED, gone: GONE };

function failure(status: number, errorType: string, message: string): Answer {
  return { status, errorType, body: JSON.stringify({ message }) };
}

/** Laid out as by API Gateway, including spaces. */
function description({ identity, connectedAt, lastActiveAt }: Connection): string {
  return `{
  "identity" : {
    "sourceIp" : ${JSON.stringify(identity.sourceIp)},
    "userAgent" : ${JSON.stringify(identity.userAgent ?? null)}
  },
  "connectedAt" : "${new Date(connectedAt).toISOString()}",
  "lastActiveAt" : "${new Date(lastActiveAt).toISOString()}"
}`;
}
