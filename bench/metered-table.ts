/** A table in the embedded DynamoDB that counts calls and the capacity that they consume. */
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
  /** One unit for each started KB of the item, before or after the write, whichever is larger. */
  writeUnits: number;
  /** One unit for each started 4 KB of a consistent read, or half of that for an eventually consistent one. */
  readUnits: number;
}

/** The sum of writes and reads, which have different prices. */
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

  /** Counts what `work` consumes. */
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
   * Corrects two responses of the embedded DynamoDB. For a write whose condition fails, it returns no capacity. On
   * AWS, such a write costs as much as the old or new item, so here it counts one unit, because items are small.
   * Source: DynamoDB Developer Guide, "DynamoDB read and write operations". A query that finds nothing is free here,
   * but on AWS it consumes "the minimum". Source: DynamoDB API Reference, "Query".
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

/** The cost of a read that finds nothing. */
function leastOf(input: object): number {
  return 'ConsistentRead' in input && input.ConsistentRead ? 1 : 0.5;
}
