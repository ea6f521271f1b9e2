/**
 * A service with a metered table and a gateway in memory. It counts what each step uses of DynamoDB, Lambda and API
 * Gateway.
 */
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { type Backend, createHandlers, type Handlers, type PublishOptions, Service } from '../lib';
import type { ServerClass } from '../lib/server/server-class';
import { DynamoDbTable } from '../lib/table/dynamodb-table';
import type { Key } from '../lib/table/item';
import {
  connectEvent,
  disconnectEvent,
  FakeGateway,
  FakeInvoker,
  lambdaContext,
  messageEvent,
  newWebSocketId,
  SkippingClock,
} from '../lib/testing';
import type { Consumption, MeteredTable } from './metered-table';

export interface Cost extends Consumption {
  /** Lambda invocations, including asynchronous ones that functions such as `$connect` request. */
  invocations: number;
  /** Posts, including those that get 410. */
  posts: number;
}

export interface ConnectRequest {
  headers?: Record<string, string>;
  query?: Record<string, string>;
}

/** A time without trailing zeros, because DynamoDB stores a number in the size of its significant digits. */
const BEGUN = Date.UTC(2026, 10, 30, 9, 15, 12, 345);
/** The maximum length of a function's name, which is in each member's row. */
const SERVER_FUNCTION = 'SharedConnection-Server'.padEnd(64, 'X');
/** DynamoDB's limit for BatchWriteItem. */
const BATCH_ITEMS = 25;
const BATCHES_AT_A_TIME = 4;

export class MeteredService {
  readonly clock = new SkippingClock(BEGUN);
  /** The service as another process sees it. */
  readonly service: Service;
  readonly #gateway: FakeGateway;
  readonly #functions = new FakeInvoker();
  readonly #table: DynamoDbTable;
  readonly #handlers: Handlers;
  #invocations = 0;
  #posts = 0;

  constructor(
    private readonly metered: MeteredTable,
    name: string,
    ServerClass: ServerClass,
    { sessionCookie = '' } = {},
  ) {
    this.#gateway = new FakeGateway(this.clock, async ({ operation }, apply) => {
      if (operation === 'POST') this.#posts += 1;
      return apply();
    });
    this.#table = new DynamoDbTable(metered.tableName, this.clock, metered.client);
    let tokens = 0;
    const backend: Backend = {
      ...{ table: this.#table, connections: this.#gateway, invoker: this.#functions, clock: this.clock },
      random: () => 0.5,
      // As long as ids from `randomUUID`.
      token: () => String(++tokens).padStart(36, '0'),
    };
    const environment = { SERVICE_NAME: name, SERVER_FUNCTION, SESSION_COOKIE: sessionCookie };
    this.#handlers = createHandlers(ServerClass, { backend, environment });
    this.service = new Service(name, { backend });
  }

  /** Counts what `work` uses. */
  async costOf(work: () => Promise<unknown>): Promise<Cost> {
    const [invocations, posts] = [this.#invocations, this.#posts];
    const consumption = await this.metered.consumedBy(work);
    return { ...consumption, invocations: this.#invocations - invocations, posts: this.#posts - posts };
  }

  /** Runs `$connect`, the handshake, and `server()`. */
  async connect(webSocketId: string, request: ConnectRequest = {}): Promise<void> {
    this.#gateway.begin(webSocketId);
    const { name: stage } = this.service;
    const event = connectEvent({ webSocketId, stage, time: this.clock.now(), ...request });
    await this.invoked(() => this.#handlers.connect(event, lambdaContext()));
    this.#gateway.open(webSocketId);
    await this.#runQueued();
  }

  async say(webSocketId: string, message: string | object): Promise<void> {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    const event = messageEvent(text, { webSocketId, time: this.clock.now() });
    await this.invoked(() => this.#handlers.message(event, lambdaContext()));
    await this.#runQueued();
  }

  /** Closes the socket, and runs `$disconnect`. */
  async leave(webSocketId: string): Promise<void> {
    this.vanish(webSocketId);
    const event = disconnectEvent({ webSocketId, closeCode: 1001, reason: '', time: this.clock.now() });
    await this.invoked(() => this.#handlers.disconnect(event, lambdaContext()));
    await this.#runQueued();
  }

  /** Closes the socket without a `$disconnect`. */
  vanish(webSocketId: string): void {
    this.#gateway.close(webSocketId);
  }

  /** Posts to all members of a channel, and runs all requested invocations. */
  async publish(channel: string, data: string, options?: PublishOptions): Promise<void> {
    await this.service.publish(channel, data, options);
    await this.#runQueued();
  }

  /** Counts a Lambda invocation. */
  async invoked<T>(run: () => Promise<T>): Promise<T> {
    this.#invocations += 1;
    return run();
  }

  /** Opens this many more sockets by copying the rows of this one. `keysOf` returns their keys. */
  async multiply(webSocketId: string, count: number, keysOf: (webSocketId: string) => Key[]): Promise<void> {
    const originals = await Promise.all(keysOf(webSocketId).map((key) => this.#table.get(key)));
    const ids = Array.from({ length: count }, newWebSocketId);
    const puts = ids.flatMap((id) =>
      keysOf(id).map((key, row) => ({ PutRequest: { Item: { ...originals[row], ...key } } })),
    );
    const writer = async () => {
      while (puts.length > 0) {
        const RequestItems = { [this.metered.tableName]: puts.splice(0, BATCH_ITEMS) };
        await this.metered.client.send(new BatchWriteCommand({ RequestItems }));
      }
    };
    await Promise.all(Array.from({ length: BATCHES_AT_A_TIME }, writer));
    for (const id of ids) this.#gateway.open(id);
  }

  async #runQueued(): Promise<void> {
    const context = lambdaContext({ remainingMilliseconds: 120_000 });
    for (let next = this.#functions.queue.shift(); next; next = this.#functions.queue.shift()) {
      const { request } = next;
      await this.invoked(() => this.#handlers.server(request, context));
    }
  }
}
