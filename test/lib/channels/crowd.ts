/** A service on DynamoDB's own interface, with clients that come, go, and are put into channels and taken out. */
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

/** Puts its clients into the channels that they ask for as they connect. */
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

  /** Crowds of different names share a table without meeting. */
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

  /** A client connects, and is old enough for a 410 to tell of its departure. */
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

  /** As any process opens it. */
  socket(webSocketId: string): Promise<SharedConnection> {
    return SharedConnection.open(webSocketId, { backend: this.#service.backend });
  }

  /** The client goes without a word. */
  vanish(webSocketId: string): void {
    this.#gateway.close(webSocketId);
  }

  /** The client goes, and `$disconnect` tells of it. */
  async close(webSocketId: string): Promise<void> {
    this.vanish(webSocketId);
    await this.#handlers.disconnect(
      disconnectEvent({ webSocketId, time: this.#clock.now() }),
      lambdaContext(),
    );
  }

  /** What was delivered, and to whom; those that were found gone have been settled. */
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

  /** `*` is the service's own channel. */
  rowsOfChannel(channel: string): Promise<Item[]> {
    return this.#rows(`CHANNEL#${this.name}#${channel}`);
  }

  async #rows(pk: string): Promise<Item[]> {
    const rows: Item[] = [];
    for await (const page of pages(this.#table, { pk, prefix: '' })) rows.push(...page);
    return rows;
  }
}
