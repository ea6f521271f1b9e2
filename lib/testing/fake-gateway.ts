/** A management API in memory: connections open, receive and close as they do in API Gateway. */
import type { Clock } from '../clock';
import { ConnectionsApiError } from '../errors';
import type { Abandonment } from '../management-api/abandonment';
import type {
  ConnectionAddress,
  ConnectionStatus,
  ConnectionsClient,
} from '../management-api/connections-client';
import { type Intercept, letThrough } from './intercept';

interface FakeSocket {
  state: 'opening' | 'open' | 'closed';
  connectedAt: number;
  lastActiveAt: number;
  received: string[];
}

export class FakeGateway implements ConnectionsClient {
  readonly #sockets = new Map<string, FakeSocket>();
  readonly #failures: number[] = [];

  /** `closed` is called for each connection that `DELETE` closes, like `$disconnect`. */
  constructor(
    private readonly clock: Clock,
    private readonly intercept: Intercept = letThrough,
    private readonly closed: (webSocketId: string) => void = () => {},
  ) {}

  /** The handshake has begun: `$connect` runs, and posts get 410. */
  begin(webSocketId: string): void {
    const now = this.clock.now();
    this.#sockets.set(webSocketId, { state: 'opening', connectedAt: now, lastActiveAt: now, received: [] });
  }

  /** The handshake has finished. */
  open(webSocketId: string): void {
    if (!this.#sockets.has(webSocketId)) this.begin(webSocketId);
    this.#socket(webSocketId).state = 'open';
  }

  /** The client has disconnected. The test decides whether `$disconnect` runs. */
  close(webSocketId: string): void {
    this.#socket(webSocketId).state = 'closed';
  }

  isOpen(webSocketId: string): boolean {
    return this.#sockets.get(webSocketId)?.state === 'open';
  }

  /** The text frames that were sent to this client, oldest first. */
  received(webSocketId: string): string[] {
    return this.#socket(webSocketId).received;
  }

  /** The statuses of the next posts, to any connection. */
  failNextPosts(...statuses: number[]): void {
    this.#failures.push(...statuses);
  }

  post(
    { webSocketId }: ConnectionAddress,
    data: string,
    abandonment?: Abandonment,
  ): Promise<'sent' | 'gone'> {
    const posted = this.intercept<'sent' | 'gone'>(
      { to: 'gateway', operation: 'POST', subject: webSocketId },
      () => {
        const status = this.#failures.shift();
        if (status !== undefined) throw new ConnectionsApiError('POST', status, 'requested by the test');
        const socket = this.#sockets.get(webSocketId);
        if (socket?.state !== 'open') return 'gone';
        socket.received.push(data);
        socket.lastActiveAt = this.clock.now();
        return 'sent';
      },
    );
    return abandonment ? Promise.race([posted, abandoned('POST', abandonment)]) : posted;
  }

  get({ webSocketId }: ConnectionAddress): Promise<ConnectionStatus | undefined> {
    return this.intercept({ to: 'gateway', operation: 'GET', subject: webSocketId }, () => {
      const socket = this.#sockets.get(webSocketId);
      if (socket?.state !== 'open') return undefined;
      return {
        connectedAt: new Date(socket.connectedAt),
        lastActiveAt: new Date(socket.lastActiveAt),
        identity: { sourceIp: '127.0.0.1' },
      };
    });
  }

  delete({ webSocketId }: ConnectionAddress, abandonment?: Abandonment): Promise<'closed' | 'gone'> {
    const closed = this.intercept<'closed' | 'gone'>(
      { to: 'gateway', operation: 'DELETE', subject: webSocketId },
      () => {
        if (!this.isOpen(webSocketId)) return 'gone';
        this.close(webSocketId);
        this.closed(webSocketId);
        return 'closed';
      },
    );
    return abandonment ? Promise.race([closed, abandoned('DELETE', abandonment)]) : closed;
  }

  #socket(webSocketId: string): FakeSocket {
    const socket = this.#sockets.get(webSocketId);
    if (!socket)
      throw new Error(`The fake gateway has no connection ${webSocketId}. Call begin() or open() first.`);
    return socket;
  }
}

function abandoned(operation: 'POST' | 'DELETE', abandonment: Abandonment): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbandon = () => reject(new ConnectionsApiError(operation, 0, 'abandoned'));
    if (abandonment.isAbandoned) onAbandon();
    else abandonment.onAbandon(onAbandon);
  });
}
