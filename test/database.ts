/** A DynamoDB for one test file: the embedded one, with one table. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { systemClock } from '../local/clock';
import { LocalDynamoDb } from '../local/dynamodb/local-dynamodb';
import { silentLog } from '../local/log';
import { tableClient } from './table-client';

export interface TestDatabase {
  client: DynamoDBClient;
  tableName: string;
  stop(): Promise<void>;
}

export async function startDatabase(): Promise<TestDatabase> {
  const tableName = 'connections';
  const database = await LocalDynamoDb.start({
    ...{ region: 'us-east-1', accountId: '000000000000', clock: systemClock, log: silentLog },
    tables: [
      {
        ...{ path: 'Test/Table', tableName, tableArn: '' },
        createTable: {
          TableName: tableName,
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
          ],
          BillingMode: 'PAY_PER_REQUEST',
        },
      },
    ],
  });
  const client = tableClient(database.address);
  return {
    client,
    tableName,
    async stop() {
      client.destroy();
      await database.close();
    },
  };
}
