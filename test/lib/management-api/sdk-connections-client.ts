/** The management API through the AWS SDK. It defines the contract that our own client must fulfill. */
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ConnectionsApiError } from '../../../lib/errors';
import type { Abandonment } from '../../../lib/management-api/abandonment';
import type {
  ConnectionAddress,
  ConnectionStatus,
  ConnectionsClient,
} from '../../../lib/management-api/connections-client';

export class SdkConnectionsClient implements ConnectionsClient {
  readonly #handler: NodeHttpHandler;

  constructor(endpointUrl: string) {
    this.#handler = handlerThatConnectsTo(endpointUrl);
  }

  async post(
    { callbackUrl, webSocketId }: ConnectionAddress,
    data: string,
    abandonment?: Abandonment,
  ): Promise<'sent' | 'gone'> {
    const command = new PostToConnectionCommand({ ConnectionId: webSocketId, Data: Buffer.from(data) });
    const abort = new AbortController();
    abandonment?.onAbandon(() => abort.abort());
    const options = { abortSignal: abort.signal };
    return (await unlessGone('POST', () => this.#client(callbackUrl).send(command, options)))
      ? 'sent'
      : 'gone';
  }

  async get({ callbackUrl, webSocketId }: ConnectionAddress): Promise<ConnectionStatus | undefined> {
    const command = new GetConnectionCommand({ ConnectionId: webSocketId });
    const status = await unlessGone('GET', () => this.#client(callbackUrl).send(command));
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

  async delete(
    { callbackUrl, webSocketId }: ConnectionAddress,
    abandonment?: Abandonment,
  ): Promise<'closed' | 'gone'> {
    const command = new DeleteConnectionCommand({ ConnectionId: webSocketId });
    const abort = new AbortController();
    abandonment?.onAbandon(() => abort.abort());
    const options = { abortSignal: abort.signal };
    return (await unlessGone('DELETE', () => this.#client(callbackUrl).send(command, options)))
      ? 'closed'
      : 'gone';
  }

  #client(callbackUrl: string): ApiGatewayManagementApiClient {
    const region = /\.execute-api\.([a-z0-9-]+)\./.exec(callbackUrl)?.[1];
    return new ApiGatewayManagementApiClient({
      endpoint: callbackUrl,
      maxAttempts: 1,
      requestHandler: this.#handler,
      ...(region && { region }),
    });
  }
}

/** The SDK signs for the host of the callback URL. Only then is it told where to connect. */
function handlerThatConnectsTo(endpointUrl: string): NodeHttpHandler {
  const handler = new NodeHttpHandler({ connectionTimeout: 2_000, socketTimeout: 10_000 });
  const { protocol, hostname, port } = new URL(endpointUrl);
  const handle = handler.handle.bind(handler);
  handler.handle = (request, options) => {
    Object.assign(request, { protocol, hostname, port: Number(port) });
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
