/** A table on the embedded DynamoDB that counts the calls made to it and the capacity that they consume. */
import {
  CreateTableCommand,
  type DynamoDBClient,
  type ReturnConsumedCapacity,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { systemClock } from '../local/clock';
import { LocalDynamoDb } from '../local/dynamodb/local-dynamodb';
import { silentLog } from '../local/log';
import { tableClient } from '../test/table-client';

export interface Consumption {
  calls: number;
  /** One for each KB that an item has begun, as it was or as it is then, whichever is more. */
  writeUnits: number;
  /** One for each 4 KB that have begun of what a call reads consistently, half of one if it does not. */
  readUnits: number;
}

/** Those of writes and reads together, which have different prices. */
export function unitsOf({ writeUnits, readUnits }: Consumption): number {
  return writeUnits + readUnits;
}

interface CapacityAnswer {
  ConsumedCapacity?: { CapacityUnits?: number } | { CapacityUnits?: number }[];
}

const READS = ['GetItemCommand', 'BatchGetItemCommand', 'QueryCommand', 'ScanCommand'];

export class MeteredTable {
  readonly tableName = 'connections';
  #consumed: Consumption = { calls: 0, writeUnits: 0, readUnits: 0 };

  static async start(): Promise<MeteredTable> {
    const database = await LocalDynamoDb.start({
      ...{ region: 'us-east-1', accountId: '000000000000', tables: [], clock: systemClock, log: silentLog },
    });
    const client = tableClient(database.address);
    const metered = new MeteredTable(database, client);
    await client.send(
      new CreateTableCommand({
        TableName: metered.tableName,
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    await waitUntilTableExists(
      { client, minDelay: 1, maxDelay: 1, maxWaitTime: 10 },
      { TableName: metered.tableName },
    );
    metered.#meter();
    return metered;
  }

  private constructor(
    private readonly database: LocalDynamoDb,
    readonly client: DynamoDBClient,
  ) {}

  /** What `work` consumes. */
  async consumedBy(work: () => Promise<unknown>): Promise<Consumption> {
    this.#consumed = { calls: 0, writeUnits: 0, readUnits: 0 };
    await work();
    return { ...this.#consumed };
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.database.close();
  }

  /**
   * Two answers of the embedded DynamoDB are mended. Of a write whose condition fails it tells no capacity: on AWS it costs what
   * the item does, as it is or would be, and here a unit, as items are small. Source: DynamoDB Developer Guide, "DynamoDB read and
   * write operations". A query that finds nothing is free: on AWS it takes "the minimum". Source: DynamoDB API Reference, "Query".
   */
  #meter(): void {
    this.client.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (request) => {
          const total: ReturnConsumedCapacity = 'TOTAL';
          Object.assign(request.input, { ReturnConsumedCapacity: total });
          const isRead = READS.includes(commandName);
          this.#consumed.calls += 1;
          try {
            const result = await next(request);
            const { ConsumedCapacity = [] } = result.output as CapacityAnswer;
            const units = [ConsumedCapacity]
              .flat()
              .reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
            if (isRead) this.#consumed.readUnits += Math.max(units, leastOf(request.input));
            else this.#consumed.writeUnits += units;
            return result;
          } catch (error) {
            this.#consumed[isRead ? 'readUnits' : 'writeUnits'] += 1;
            throw error;
          }
        },
      { step: 'initialize', name: 'meter' },
    );
  }
}

/** What a read costs that finds nothing. */
function leastOf(input: object): number {
  return 'ConsistentRead' in input && input.ConsistentRead ? 1 : 0.5;
}
