/**
 * HTTP APIs, REST APIs and function URLs of an app: finds the route of a request, runs the function, and sends its
 * response.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  HttpApi,
  HttpApiIntegration,
  HttpLambdaIntegration,
  HttpRoute,
  HttpStage,
} from '../assembly/model';
import type { Clock } from '../clock';
import type { NameForPeople } from '../function-names';
import { ApiKeys } from '../gateway/api-keys';
import { sourceIp } from '../gateway/connect-request';
import { Ids } from '../gateway/ids';
import { readBody } from '../gateway/request-body';
import type { Throttles } from '../gateway/throttles';
import type { Access } from '../iam/access';
import type { FunctionInvoker, InvocationOutcome } from '../lambda/invocation';
import type { Log } from '../log';
import { MAX_REQUEST_BYTES } from './assumptions';
import type { FetchJson } from './authorizers/fetched-json';
import { HttpAuthorizers } from './authorizers/http-authorizers';
import type { KeySetFileReader } from './authorizers/issuer-keys';
import { isPreflight, preflightHeaders, responseHeaders } from './cors';
import { type Failure, type FailureCause, failureOf } from './failures';
import { gatewayResponse } from './gateway-responses';
import { type HttpAddress, HttpAddresses } from './http-address';
import { HttpCallers } from './http-callers';
import { type ProxyAnswer, proxyAnswer } from './proxy-answer';
import { proxyEvent } from './proxy-event';
import { type ArrivedRequest, bodyOf, headersFor, type ProxyRequest, queryOf } from './proxy-request';
import { RouteTable } from './route-table';

export interface HttpApisOptions {
  apis: HttpApi[];
  region: string;
  accountId: string;
  invoker: FunctionInvoker;
  clock: Clock;
  log: Log;
  nameOf: NameForPeople;
  /** Undefined if IAM is off. Then all requests are allowed. */
  access?: Access | undefined;
  /** Shared with the gateway of the WebSocket APIs. */
  throttles: Throttles;
  /** The files of `--jwks`. */
  keySets: KeySetFileReader;
  /** Fetches the keys of JWT issuers. @default from the network */
  fetchJson?: FetchJson;
}

type Answer = ProxyAnswer | Failure | FailureCause;

export class HttpApis {
  readonly #options: HttpApisOptions;
  readonly #ids: Ids;
  readonly #callers: HttpCallers;
  readonly #authorizers: HttpAuthorizers;
  #addresses: HttpAddresses;
  #routes: Map<HttpApi, RouteTable>;

  constructor(options: HttpApisOptions) {
    this.#options = options;
    this.#ids = new Ids(options.region, options.clock);
    this.#authorizers = new HttpAuthorizers(options);
    const apiKeys = new ApiKeys(options.clock, options.log);
    this.#callers = new HttpCallers(options.access, this.#authorizers, apiKeys);
    this.#addresses = new HttpAddresses(options.apis, options.region);
    this.#routes = routeTables(options.apis);
  }

  /** Replaces the APIs for all later requests. */
  redeploy(apis: HttpApi[]): void {
    this.#addresses = new HttpAddresses(apis, this.#options.region);
    this.#routes = routeTables(apis);
    this.#authorizers.redeploy();
  }

  /** Returns `undefined` and does nothing if the request is for none of these APIs. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const address = this.#addresses.find(request.headers.host, request.url ?? '/');
    return address && this.#serve(address, request, response);
  }

  async #serve(address: HttpAddress, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { api } = address;
    if (api.cors && isPreflight(request.method ?? '', request.headers)) {
      request.resume();
      const headers = preflightHeaders(api.cors, request.headers);
      response.writeHead(api.kind === 'HTTP' ? 204 : 200, headers).end();
      return;
    }
    const body = await readBody(request, MAX_REQUEST_BYTES);
    if (body === undefined) return;
    const answer = body === 'tooLarge' ? body : await this.#answer(address, request, body);
    this.#send(answer, address, request, response);
  }

  async #answer(address: HttpAddress, request: IncomingMessage, body: Buffer): Promise<Answer> {
    const { api, stage, path, domainName } = address;
    if (!stage) return 'noStage';
    const method = request.method ?? 'GET';
    const matched = this.#routes.get(api)?.match(method, path);
    if (!matched) return 'noRoute';
    if (!this.#admits(api, stage, matched.route, method)) return 'tooManyRequests';
    const arrived: ArrivedRequest = {
      address: { ...address, stage },
      ...{ matched, method },
      headers: headersFor(request, domainName, this.#ids.traceId()),
      ...queryOf(request.url ?? ''),
      cookies: request.headers.cookie?.split(/;\s*/).filter(Boolean) ?? [],
      ...bodyOf(body, api, request.headers['content-type']),
      sourceIp: sourceIp(request),
      userAgent: request.headers['user-agent'],
      requestId: this.#ids.requestId(),
      time: this.#options.clock.now(),
    };
    const caller = await this.#callers.admit({ arrived, request, body });
    if ('statusCode' in caller) return caller;
    const { integration: shared, integrationsByStage } = matched.route;
    const integration = integrationsByStage?.[stage.stageName] ?? shared;
    if (integration.type !== 'AWS_PROXY') return this.#withoutFunction(integration, `${method} ${path}`);
    return this.#invoke({ ...arrived, caller }, integration, request.headers.accept);
  }

  /** Function URLs have no throttling of their own. */
  #admits({ kind }: HttpApi, stage: HttpStage, { method, resource }: HttpRoute, requested: string): boolean {
    if (kind === 'FUNCTION_URL') return true;
    const { throttles } = this.#options;
    if (kind === 'HTTP') {
      return throttles.admitsRequest(stage, resource === '$default' ? resource : `${method} ${resource}`);
    }
    const keys = [`${resource}/${requested}`, `${resource}/*`, `*/${requested}`];
    const key = keys.find((one) => Object.hasOwn(stage.throttling?.byRoute ?? {}, one));
    return throttles.admitsRequest(stage, key ?? `${requested} ${resource}`);
  }

  #withoutFunction(integration: Exclude<HttpApiIntegration, HttpLambdaIntegration>, what: string): Answer {
    if (integration.type === 'MOCK') {
      const { statusCode, headers } = integration;
      const named = Object.entries(headers).map(([name, value]): [string, string[]] => [name, [value]]);
      return { statusCode, headers: named, body: Buffer.alloc(0) };
    }
    this.#options.log.warn(
      `${what} fails, because the runtime does not run ${integration.path}. The list at the start says why.`,
    );
    return integration.isNotPermitted ? 'notPermitted' : 'failed';
  }

  async #invoke(
    request: ProxyRequest,
    { functionName, qualifier, timeoutMillis, payloadFormat }: HttpLambdaIntegration,
    accept: string | undefined,
  ): Promise<Answer> {
    const { invoker, accountId, clock, log, nameOf } = this.#options;
    const event = proxyEvent(request, payloadFormat, accountId);
    const target = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
    const subject = `${request.method} ${request.address.path}`;
    const outcome = await new Promise<InvocationOutcome | 'timedOut'>((resolve) => {
      const alarm = clock.after(timeoutMillis, () => {
        log.warn(
          `${nameOf(functionName)} did not answer ${subject} within ${timeoutMillis} ms, the limit of its integration. It keeps running.`,
        );
        resolve('timedOut');
      });
      void invoker.invoke(target, event, subject).then((result) => {
        alarm.cancel();
        resolve(result);
      });
    });
    if (outcome === 'timedOut') return outcome;
    // The function's own log has its error.
    if (outcome.kind === 'failure')
      return outcome.errorType === 'TooManyRequestsException' ? 'throttled' : 'failed';
    const { kind, binaryMediaTypes } = request.address.api;
    const answer = proxyAnswer(outcome.payload, { kind, payloadFormat, binaryMediaTypes, accept });
    if (typeof answer !== 'string') return answer;
    log.warn(`${nameOf(functionName)} answered ${subject} with ${answer}.`);
    return 'failed';
  }

  #send(answer: Answer, address: HttpAddress, request: IncomingMessage, response: ServerResponse): void {
    if (response.destroyed) return;
    const { api } = address;
    const requestId = this.#ids.requestId();
    const cors = api.cors && responseHeaders(api.cors, request.headers.origin);
    const { statusCode, headers, body } = responseOf(answer, address, request, requestId);
    const requestIdHeader = api.kind === 'REST' ? 'x-amzn-requestid' : 'apigw-requestid';
    try {
      response.statusCode = statusCode;
      for (const [name, values] of headers) {
        if (cors && name.toLowerCase().startsWith('access-control-')) continue;
        response.setHeader(name, values.length === 1 ? (values[0] ?? '') : values);
      }
    } catch (error) {
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      this.#options.log.warn(
        `A function answered ${request.method} ${request.url?.split('?', 1)[0]} with a header that HTTP does not allow: ${(error as Error).message}.`,
      );
      this.#send('failed', address, request, response);
      return;
    }
    for (const [name, value] of Object.entries(cors ?? {})) response.setHeader(name, value);
    response.setHeader(requestIdHeader, requestId);
    response.setHeader('content-length', body.length);
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}

function responseOf(
  answer: Answer,
  address: HttpAddress,
  request: IncomingMessage,
  requestId: string,
): ProxyAnswer {
  if (typeof answer !== 'string' && 'headers' in answer) return answer;
  const failure = typeof answer === 'string' ? failureOf(address.api.kind, answer) : answer;
  const { errorType, wwwAuthenticate } = failure;
  const changes = gatewayResponse(failure, address, request, requestId);
  const headers: ProxyAnswer['headers'] = [['content-type', ['application/json']]];
  if (errorType !== undefined) headers.push(['x-amzn-errortype', [errorType]]);
  if (wwwAuthenticate !== undefined) headers.push(['www-authenticate', [wwwAuthenticate]]);
  return {
    statusCode: changes?.statusCode ?? failure.statusCode,
    headers: [...headers, ...(changes?.headers ?? [])],
    body: Buffer.from(changes?.body ?? failure.body),
  };
}

function routeTables(apis: HttpApi[]): Map<HttpApi, RouteTable> {
  return new Map(apis.map((api) => [api, new RouteTable(api.routes)]));
}
