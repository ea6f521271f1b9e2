/**
 * A service's side of Centrifugo's protocol for backends: its server API over HTTP, as the handler of a Lambda function
 * behind an HTTP API or a function URL. Libraries for Centrifugo's server API call it unchanged.
 * Source: https://centrifugal.dev/docs/server/server_api.
 */

import { deadlineOf } from '../../handlers/deadline';
import type { LambdaContext } from '../../handlers/events';
import { type HandlerOptions, type ServiceFunction, serviceFunction } from '../../handlers/service-function';
import type { ServerClass } from '../../server/server-class';
import { Service } from '../../service';
import { isObject } from '../json-object';
import { errors } from '../realtime-errors';
import { statusOf } from './answers';
import { ApiKey } from './api-key';
import { ApiMethods, type OnApiRpc } from './api-methods';
import type { Fields } from './fields';
import {
  bodyOf,
  type HttpApiAnswer,
  type HttpApiEvent,
  jsonAnswer,
  jsonTextAnswer,
  methodIn,
  statusAnswer,
} from './http-request';
import { oldFormReplies } from './old-form';

export interface RealtimeApiOptions extends Pick<HandlerOptions, 'backend' | 'environment'> {
  /** Runs for `rpc`. Throw a `RealtimeError` to answer an error of your own. @default refused */
  onRpc?: OnApiRpc;
}

export type RealtimeApi = (event: HttpApiEvent, context: LambdaContext) => Promise<HttpApiAnswer>;

/** Lambda answers with up to 6 MB. */
const MOST_ANSWER_BYTES = 5 * 1024 * 1024;

/**
 * Reads the function's environment: that of `createHandlers`, and `API_KEY_ARN`, the ARN of the secret with the key, or
 * `API_KEY`.
 */
export function createRealtimeApi(ServerClass: ServerClass, options: RealtimeApiOptions = {}): RealtimeApi {
  let made: { key: ApiKey; shared: ServiceFunction } | undefined;
  return async (event, context) => {
    made ??= {
      key: new ApiKey(options.environment ?? process.env),
      shared: serviceFunction(ServerClass, options),
    };
    if (!(await made.key.isIn(event.headers))) return statusAnswer(401, 'Unauthorized');
    if (event.requestContext.http.method !== 'POST') return statusAnswer(405, 'Method Not Allowed');
    const body = bodyOf(event);
    if (body === undefined) return statusAnswer(413, 'Request Entity Too Large');
    const answer = await answerTo(event, body, methodsOf(made.shared, context, options.onRpc));
    return Buffer.byteLength(answer.body) > MOST_ANSWER_BYTES ? tooLarge() : answer;
  };
}

function methodsOf(shared: ServiceFunction, context: LambdaContext, onRpc: OnApiRpc | undefined): ApiMethods {
  const { ServerClass, backend, serverFunction, serviceName, limits } = shared;
  const deadline = deadlineOf(context, backend.clock);
  const service = new Service(serviceName, { backend, deadline, serverFunction, serverClass: ServerClass });
  return new ApiMethods(service, limits.channels, onRpc);
}

async function answerTo(event: HttpApiEvent, body: string, methods: ApiMethods): Promise<HttpApiAnswer> {
  const method = methodIn(event);
  if (method === '') {
    const replies = await oldFormReplies(body, methods);
    return replies === undefined ? badRequest() : jsonTextAnswer(replies);
  }
  if (method === undefined || !(method === 'batch' || methods.has(method)))
    return statusAnswer(404, 'Not Found');
  const params = parsed(body);
  if (!params) return badRequest();
  // The replies of a batch are not under `result`.
  if (method === 'batch') return jsonAnswer(await methods.batch(params));
  const answer = await methods.run(method, params);
  const hasStatus = event.headers['x-centrifugo-error-mode'] === 'transport';
  return 'error' in answer && hasStatus
    ? jsonAnswer(answer.error, statusOf(answer.error))
    : jsonAnswer(answer);
}

/** `undefined` for a body that is no JSON object. */
function parsed(body: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Centrifugo's response to an unreadable request. */
function badRequest(): HttpApiAnswer {
  return statusAnswer(400, 'Bad Request');
}

function tooLarge(): HttpApiAnswer {
  const { errorCode: code, message } = errors.limitExceeded(`an answer has up to ${MOST_ANSWER_BYTES} bytes`);
  return jsonAnswer({ error: { code, message } });
}
