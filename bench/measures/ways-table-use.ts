/** Counts what a message uses of the table, for each way to receive it: hook, inbox, or dedicated loop. */
import { type Backend, createHandlers, SharedConnection, WebSocketServer } from '../../lib';
import { systemClock } from '../../lib/clock';
import { DynamoDbTable } from '../../lib/table/dynamodb-table';
import {
  connectEvent,
  disconnectEvent,
  FakeGateway,
  FakeInvoker,
  lambdaContext,
  messageEvent,
  newWebSocketId,
} from '../../lib/testing';
import { type Consumption, MeteredTable, unitsOf } from '../metered-table';
import type { Row } from '../page';

const MESSAGES = 100;

class Hook extends WebSocketServer {
  override async onClientMessage(data: string): Promise<void> {
    await this.write(data);
  }
}

class Inbox extends WebSocketServer {}

class Loop extends WebSocketServer {
  override sharedConnection = false;

  override async server(): Promise<void> {
    for await (const message of this.messages()) {
      if (message === 'exit') return;
      await this.write(message);
    }
  }
}

export async function measureWaysTableUse(): Promise<Row[]> {
  const table = await MeteredTable.start();
  const hook = await consumedBy(table, Hook, async () => {});
  const inbox = await consumedBy(table, Inbox, async (webSocketId, backend) => {
    const socket = await SharedConnection.open(webSocketId, { backend });
    for (let n = 0; n < MESSAGES; n += 1) await socket.read();
  });
  const loop = await consumedBy(table, Loop, async () => {});
  await table.stop();
  return [...rowsOf('inbox and read', inbox, hook), ...rowsOf('dedicated loop', loop, hook)];
}

/**
 * For a class without `onClientMessage`, the messages are stored first, so that waiting for them costs almost
 * nothing.
 */
async function consumedBy(
  table: MeteredTable,
  ServerClass: typeof Hook | typeof Inbox | typeof Loop,
  read: (webSocketId: string, backend: Backend) => Promise<void>,
): Promise<Consumption> {
  const gateway = new FakeGateway(systemClock);
  const functions = new FakeInvoker();
  let tokens = 0;
  const backend: Backend = {
    ...{ table: new DynamoDbTable(table.tableName, systemClock, table.client), clock: systemClock },
    ...{ connections: gateway, invoker: functions, random: () => 0.5, token: () => `token-${++tokens}` },
  };
  const environment = { SERVICE_NAME: ServerClass.name, SERVER_FUNCTION: 'server' };
  const handlers = createHandlers(ServerClass, { backend, environment });
  const webSocketId = newWebSocketId();
  await handlers.connect(connectEvent({ webSocketId }), lambdaContext());
  gateway.open(webSocketId);
  const say = (text: string) => handlers.message(messageEvent(text, { webSocketId }), lambdaContext());
  const consumption = await table.consumedBy(async () => {
    for (let n = 0; n < MESSAGES; n += 1) await say('hello');
    await read(webSocketId, backend);
    if (ServerClass !== Loop) return;
    await say('exit');
    // The cost of closing is small compared with a hundred messages.
    await handlers.server({ type: 'server', webSocketId }, lambdaContext({ remainingMilliseconds: 900_000 }));
  });
  await handlers.disconnect(disconnectEvent({ webSocketId }), lambdaContext());
  return consumption;
}

function rowsOf(what: string, ours: Consumption, baseline: Consumption): Row[] {
  const row = (unit: string, of: (consumption: Consumption) => number): Row => ({
    ...{ what, unit, ours: [of(ours) / MESSAGES], baseline: [of(baseline) / MESSAGES] },
    better: 'lower',
  });
  return [row('calls', ({ calls }) => calls), row('units', unitsOf)];
}
