/** Counts the calls and capacity units that the chat uses. The numbers are the same in every run. */
import { DeleteItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { ChatServer } from '../../functions/chat/server';
import { newWebSocketId } from '../../lib/testing';
import { MeteredService } from '../metered-service';
import { type Consumption, MeteredTable, unitsOf } from '../metered-table';
import type { Row } from '../page';

const CROWDS = [10, 100];

export async function measureTableUse(): Promise<Row[]> {
  const table = await MeteredTable.start();
  const chat = new MeteredService(table, 'chat', ChatServer);
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
    () => chat.say(first, { User: 'Ada' }),
    () => sample.connect(first),
  );
  for (let crowd = 1; crowd < Math.max(...CROWDS); ) {
    const newcomer = newWebSocketId();
    await chat.connect(newcomer);
    await sample.connect(newcomer);
    crowd += 1;
    if (CROWDS.includes(crowd)) {
      const line = { Message: 'aGVsbG8=', Author: 'Ada' };
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
  const row = (unit: string, of: (consumption: Consumption) => number): Row => ({
    ...{ what, unit, ours: [of(ours)], baseline: [of(baseline)] },
    better: 'lower',
  });
  return [row('calls', ({ calls }) => calls), row('units', unitsOf)];
}

/**
 * The baseline, as in the shortest samples and without any guarantees: a row for each connection, and a Scan for each
 * message.
 */
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
