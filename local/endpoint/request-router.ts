/** Offers each request to the parts of the runtime, in order, until one answers it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isAwsHost } from '../aws-domains';
import type { Log } from '../log';
import { signedService } from './credential-scope';
import type { Guard, GuardRefusal } from './guard';
import { hostName } from './host-header';
import { answerServiceError } from './service-error';

export interface RequestHandler {
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

/** Returns `undefined` and does nothing if the request is for something else. */
export interface PartialHandler {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined;
}

export interface RequestRouterOptions {
  gateway: {
    /** Returns `undefined` and does nothing if the request is for none of its APIs. */
    handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined;
  };
  /** The app's HTTP APIs, which decide by CORS which pages may read their responses. */
  httpApis?: PartialHandler;
  /** Presigned URLs and forms of buckets, which decide by CORS which pages may use them. */
  presigned?: PartialHandler;
  /** Upload forms for buckets, whose signatures are in their bodies. */
  bucketForms?: PartialHandler;
  /** The console and the faults, for programs on this machine. */
  console?: PartialHandler;
  /** Key sets of token issuers, by their URLs. */
  keySets?: PartialHandler;
  /** By the service name in signatures: `dynamodb`, `lambda`. */
  services: Record<string, RequestHandler>;
  /** The files for all other requests. */
  web?: { handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> };
  log: Log;
}

export class RequestRouter {
  readonly #options: RequestRouterOptions;
  readonly #guard: Guard;
  readonly #services: ReadonlyMap<string, RequestHandler>;

  constructor(guard: Guard, options: RequestRouterOptions) {
    this.#guard = guard;
    this.#options = options;
    this.#services = new Map(Object.entries(options.services));
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { httpApis, presigned, bucketForms, keySets, console, gateway, web } = this.#options;
    const foreignHost = this.#guard.refuseHost(request);
    if (foreignHost) return answerRefusal(response, foreignHost);
    const answeredByApi = httpApis?.handle(request, response);
    if (answeredByApi !== undefined) return answeredByApi;
    const answeredByBucket = presigned?.handle(request, response);
    if (answeredByBucket !== undefined) return answeredByBucket;
    const refusal = this.#guard.refuse(request);
    if (refusal) return answerRefusal(response, refusal);
    const answeredByForm = bucketForms?.handle(request, response);
    if (answeredByForm !== undefined) return answeredByForm;
    const answeredByKeySets = keySets?.handle(request, response);
    if (answeredByKeySets !== undefined) return answeredByKeySets;
    const answeredByConsole = this.#guard.isFromThisMachine(request)
      ? console?.handle(request, response)
      : undefined;
    if (answeredByConsole !== undefined) return answeredByConsole;
    const service = signedService(request);
    const handler = service === undefined ? undefined : this.#services.get(service);
    if (handler) return handler.handle(request, response);
    const answeredByGateway = gateway.handleRequest(request, response);
    if (answeredByGateway !== undefined) return answeredByGateway;
    const missing = service ?? serviceInHost(request.headers.host);
    if (missing !== undefined) return this.#refuseService(missing, request, response);
    if (await web?.handle(request, response)) return;
    answerText(response, 404, `There is nothing at ${request.url}.\n`);
  }

  #refuseService(service: string, request: IncomingMessage, response: ServerResponse): void {
    if (service === 'execute-api') {
      answerServiceError(response, 403, 'ForbiddenException', 'Forbidden');
      return;
    }
    const known = [...this.#services.keys()].sort().join(', ');
    this.#options.log.warn(
      `The runtime does not have the service ${service}: ${request.method} ${request.url?.split('?')[0]} got UnsupportedOperation`,
    );
    answerServiceError(
      response,
      501,
      'UnsupportedOperation',
      `The runtime does not have the service ${service}. It has ${known} and execute-api.`,
    );
  }
}

/** Hosts of resources, of which there may be one that does not exist. Their services are here. */
const RESOURCE_HOSTS = new Set(['s3', 'execute-api', 'lambda-url']);

/** `cognito-idp` of `cognito-idp.us-east-1.amazonaws.com`, for requests that need no signature. */
function serviceInHost(host: string | undefined): string | undefined {
  const name = hostName(host) ?? '';
  if (!isAwsHost(name)) return undefined;
  const labels = name.split('.');
  return labels.some((label) => RESOURCE_HOSTS.has(label)) ? undefined : labels[0];
}

export function answerRefusal(response: ServerResponse, { status, text }: GuardRefusal): void {
  answerText(response, status, text);
}

export function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}
