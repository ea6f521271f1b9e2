/** The management API through AWS's SDK: the one place that imports its client. */
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ConnectionsApiError } from '../errors';
import type { ConnectionAddress, ConnectionStatus, ConnectionsClient } from './connections-client';

export class SdkConnectionsClient implements ConnectionsClient {
  readonly #handler: NodeHttpHandler;
  /** By a command's input, then by its request: the SDK's own option for signals would make it build its middleware anew for each post. */
  readonly #signals = new WeakMap<object, AbortSignal>();
  readonly #clients = new Map<string, ApiGatewayManagementApiClient>();

  /** `endpointUrl` changes where the client connects to, never the Host header or the path. */
  constructor(endpointUrl?: string) {
    this.#handler = this.#abortable(handlerThatConnectsTo(endpointUrl));
  }

  async post(
    { callbackUrl, webSocketId }: ConnectionAddress,
    data: string,
    signal?: AbortSignal,
  ): Promise<'sent' | 'gone'> {
    const input = { ConnectionId: webSocketId, Data: Buffer.from(data) };
    if (signal) this.#signals.set(input, signal);
    const sent = await unlessGone('POST', () =>
      this.#client(callbackUrl).send(new PostToConnectionCommand(input)),
    );
    return sent ? 'sent' : 'gone';
  }

  async get({ callbackUrl, webSocketId }: ConnectionAddress): Promise<ConnectionStatus | undefined> {
    const status = await unlessGone('GET', () =>
      this.#client(callbackUrl).send(new GetConnectionCommand({ ConnectionId: webSocketId })),
    );
    if (!status) return undefined;
    const { ConnectedAt = new Date(0), LastActiveAt = new Date(0), Identity } = status;
    return {
      connectedAt: ConnectedAt,
      lastActiveAt: LastActiveAt,
      identity: {
        ...(Identity?.SourceIp && { sourceIp: Identity.SourceIp }),
        ...(Identity?.UserAgent && { userAgent: Identity.UserAgent }),
      },
    };
  }

  async delete({ callbackUrl, webSocketId }: ConnectionAddress): Promise<'closed' | 'gone'> {
    const closed = await unlessGone('DELETE', () =>
      this.#client(callbackUrl).send(new DeleteConnectionCommand({ ConnectionId: webSocketId })),
    );
    return closed ? 'closed' : 'gone';
  }

  #client(callbackUrl: string): ApiGatewayManagementApiClient {
    const known = this.#clients.get(callbackUrl);
    if (known) return known;
    const region = /\.execute-api\.([a-z0-9-]+)\./.exec(callbackUrl)?.[1];
    const client = new ApiGatewayManagementApiClient({
      endpoint: callbackUrl,
      maxAttempts: 1,
      cacheMiddleware: true,
      requestHandler: this.#handler,
      ...(region && { region }),
    });
    client.middlewareStack.add(
      (next) => (args) => {
        const signal = this.#signals.get(args.input);
        if (signal && typeof args.request === 'object' && args.request)
          this.#signals.set(args.request, signal);
        return next(args);
      },
      { step: 'deserialize', priority: 'low', name: 'signalOfRequest' },
    );
    this.#clients.set(callbackUrl, client);
    return client;
  }

  #abortable(handler: NodeHttpHandler): NodeHttpHandler {
    const handle = handler.handle.bind(handler);
    handler.handle = (request, options) => {
      const abortSignal = this.#signals.get(request);
      return handle(request, abortSignal ? { ...options, abortSignal } : options);
    };
    return handler;
  }
}

/** The SDK signs for the callback URL's host and hands over the request; only then is it told where to connect. */
function handlerThatConnectsTo(endpointUrl: string | undefined): NodeHttpHandler {
  const handler = new NodeHttpHandler({ connectionTimeout: 2_000, socketTimeout: 10_000 });
  if (!endpointUrl) return handler;
  const { protocol, hostname, port } = new URL(endpointUrl);
  const handle = handler.handle.bind(handler);
  handler.handle = (request, options) => {
    request.protocol = protocol;
    request.hostname = hostname;
    if (port) request.port = Number(port);
    else delete request.port;
    return handle(request, options);
  };
  return handler;
}

async function unlessGone<T>(operation: string, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof GoneException) return undefined;
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    throw new ConnectionsApiError(operation, $metadata?.httpStatusCode ?? 0, `${name}: ${message}`, {
      cause: error,
    });
  }
}
