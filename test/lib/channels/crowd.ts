/** A service on DynamoDB's interface, with clients that connect, leave, and are subscribed and unsubscribed. */
import {
  createHandlers,
  type DeliveryReport,
  type Handlers,
  Service,
  SharedConnection,
  WebSocketServer,
} from '../../../lib';
import { DynamoDbTable } from '../../../lib/table/dynamodb-table';
import type { Item } from '../../../lib/table/item';
import { pages } from '../../../lib/table/table';
import {
  connectEvent,
  disconnectEvent,
  FakeGateway,
  FakeInvoker,
  lambdaContext,
  SkippingClock,
} from '../../../lib/testing';
import type { TestDatabase } from '../../database';

/** Subscribes its clients to the channels that they request in the handshake. */
class Listening extends WebSocketServer {
  override async onPreServer() {
    const { queryStringParameters } = this.context.event as { queryStringParameters?: { channels: string } };
    for (const channel of queryStringParameters?.channels.split(',') ?? []) await this.subscribe(channel);
  }
}

export class Crowd {
  readonly #clock = new SkippingClock();
  readonly #gateway = new FakeGateway(this.#clock);
  readonly #functions = new FakeInvoker();
  readonly #table: DynamoDbTable;
  readonly #handlers: Handlers;
  readonly #service: Service;
  #clients = 0;
  #tokens = 0;

  /** Crowds with different names share a table without interfering. */
  constructor(
    { tableName, client }: TestDatabase,
    private readonly name: string,
  ) {
    this.#table = new DynamoDbTable(tableName, this.#clock, client);
    const backend = {
      ...{ table: this.#table, connections: this.#gateway, invoker: this.#functions, clock: this.#clock },
      random: Math.random,
      token: () => `token ${++this.#tokens}`,
    };
    const environment = { SERVICE_NAME: name, SERVER_FUNCTION: 'server' };
    this.#handlers = createHandlers(Listening, { backend, environment });
    this.#service = new Service(name, { backend });
  }

  /** Connects a client, and waits until a 410 means that it has left. */
  async connect(channels: string[]): Promise<string> {
    const webSocketId = `${this.name}-${++this.#clients}=`;
    this.#gateway.begin(webSocketId);
    const query = channels.length > 0 && { query: { channels: channels.join() } };
    const event = connectEvent({ webSocketId, time: this.#clock.now(), ...query });
    await this.#handlers.connect(event, lambdaContext());
    this.#gateway.open(webSocketId);
    await this.#clock.advance(60_000);
    return webSocketId;
  }

  /** Opened as in any other process. */
  socket(webSocketId: string): Promise<SharedConnection> {
    return SharedConnection.open(webSocketId, { backend: this.#service.backend });
  }

  /** Disconnects the client without a `$disconnect`. */
  vanish(webSocketId: string): void {
    this.#gateway.close(webSocketId);
  }

  /** Disconnects the client, with a `$disconnect`. */
  async close(webSocketId: string): Promise<void> {
    this.vanish(webSocketId);
    await this.#handlers.disconnect(
      disconnectEvent({ webSocketId, time: this.#clock.now() }),
      lambdaContext(),
    );
  }

  /** Returns what was delivered to which clients, and cleans up those that are gone. */
  async publish(channels: string[], text: string): Promise<{ report: DeliveryReport; to: string[] }> {
    const report = await this.#service.publish(channels, text);
    for (const { request } of this.#functions.queue.splice(0))
      await this.#handlers.server(request, lambdaContext());
    const ids = Array.from({ length: this.#clients }, (_, n) => `${this.name}-${n + 1}=`);
    const to = ids.flatMap((id) =>
      this.#gateway
        .received(id)
        .filter((frame) => frame === text)
        .map(() => id),
    );
    return { report, to };
  }

  async sweep(): Promise<void> {
    await this.#handlers.server({ type: 'sweep' }, lambdaContext());
  }

  rowsOfConnection(webSocketId: string): Promise<Item[]> {
    return this.#rows(`CONNECTION#${webSocketId}`);
  }

  /** `*` is the channel of the service itself. */
  rowsOfChannel(channel: string): Promise<Item[]> {
    return this.#rows(`CHANNEL#${this.name}#${channel}`);
  }

  async #rows(pk: string): Promise<Item[]> {
    const rows: Item[] = [];
    for await (const page of pages(this.#table, { pk, prefix: '' })) rows.push(...page);
    return rows;
  }
}
