/** What the chat asks of its table, call by call and unit by unit: the same in every run. */
import { DeleteItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { ChatServer } from '../../functions/chat/server';
import { createHandlers, type Handlers } from '../../lib';
import { DynamoDbTable } from '../../lib/table/dynamodb-table';
import {
  connectEvent,
  disconnectEvent,
  FakeGateway,
  FakeInvoker,
  lambdaContext,
  messageEvent,
  newWebSocketId,
  SkippingClock,
} from '../../lib/testing';
import { type Consumption, MeteredTable } from '../metered-table';
import type { Row } from '../page';

const CROWDS = [10, 100];

export async function measureTableUse(): Promise<Row[]> {
  const table = await MeteredTable.start();
  const chat = new MeteredChat(table);
  const sample = new PlainSample(table);
  const rows: Row[] = [];
  const compare = async (
    what: string,
    ours: () => Promise<unknown>,
    baseline: () => Promise<unknown>,
  ): Promise<void> => {
    rows.push(...rowsOf(what, await table.consumedBy(ours), await table.consumedBy(baseline)));
  };
  const first = newWebSocketId();
  await compare(
    'connect',
    () => chat.connect(first),
    () => sample.connect(first),
  );
  await compare(
    'alias change',
    () => chat.say(first, '{"User":"Ada"}'),
    () => sample.connect(first),
  );
  for (let crowd = 1; crowd < Math.max(...CROWDS); ) {
    const newcomer = newWebSocketId();
    await chat.connect(newcomer);
    await sample.connect(newcomer);
    crowd += 1;
    if (CROWDS.includes(crowd)) {
      const line = '{"Message":"aGVsbG8=","Author":"Ada"}';
      await compare(
        `message to ${crowd}`,
        () => chat.say(first, line),
        () => sample.message(),
      );
    }
  }
  await compare(
    'departure',
    () => chat.leave(first),
    () => sample.leave(first),
  );
  await table.stop();
  return rows;
}

function rowsOf(what: string, ours: Consumption, baseline: Consumption): Row[] {
  return (['calls', 'units'] as const).map((unit) => ({
    ...{ what, unit, ours: [ours[unit]], baseline: [baseline[unit]] },
    better: 'lower',
  }));
}

/** The chat's own handlers, on the metered table, behind a gateway in memory. */
class MeteredChat {
  readonly #clock = new SkippingClock(Date.UTC(2026, 0, 1));
  readonly #gateway = new FakeGateway(this.#clock);
  readonly #functions = new FakeInvoker();
  readonly #handlers: Handlers;

  constructor(table: MeteredTable) {
    let tokens = 0;
    this.#handlers = createHandlers(ChatServer, {
      backend: {
        table: new DynamoDbTable(table.tableName, this.#clock, table.client),
        connections: this.#gateway,
        invoker: this.#functions,
        clock: this.#clock,
        random: () => 0.5,
        token: () => `token-${++tokens}`,
      },
      environment: { SERVICE_NAME: 'chat', SERVER_FUNCTION: 'chat-server' },
    });
  }

  async connect(webSocketId: string): Promise<void> {
    this.#gateway.begin(webSocketId);
    const event = connectEvent({ webSocketId, time: this.#clock.now() });
    await this.#handlers.connect(event, lambdaContext());
    this.#gateway.open(webSocketId);
    await this.#runQueued();
  }

  async say(webSocketId: string, text: string): Promise<void> {
    await this.#handlers.message(
      messageEvent(text, { webSocketId, time: this.#clock.now() }),
      lambdaContext(),
    );
    await this.#runQueued();
  }

  async leave(webSocketId: string): Promise<void> {
    this.#gateway.close(webSocketId);
    const event = disconnectEvent({ webSocketId, closeCode: 1001, reason: '', time: this.#clock.now() });
    await this.#handlers.disconnect(event, lambdaContext());
    await this.#runQueued();
  }

  async #runQueued(): Promise<void> {
    for (let next = this.#functions.queue.shift(); next; next = this.#functions.queue.shift()) {
      await this.#handlers.server(next.request, lambdaContext({ remainingMilliseconds: 120_000 }));
    }
  }
}

/** As the shortest samples do it, without any promise: a row for each connection, found by a Scan. */
class PlainSample {
  constructor(private readonly table: MeteredTable) {}

  connect(connectionId: string): Promise<unknown> {
    const { client, tableName: TableName } = this.table;
    return client.send(
      new PutItemCommand({ TableName, Item: { pk: { S: 'SAMPLE' }, sk: { S: connectionId } } }),
    );
  }

  message(): Promise<unknown> {
    const { client, tableName: TableName } = this.table;
    return client.send(new ScanCommand({ TableName }));
  }

  leave(connectionId: string): Promise<unknown> {
    const { client, tableName: TableName } = this.table;
    return client.send(
      new DeleteItemCommand({ TableName, Key: { pk: { S: 'SAMPLE' }, sk: { S: connectionId } } }),
    );
  }
}
