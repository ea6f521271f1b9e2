/** A table on the embedded DynamoDB that counts the calls made to it and the capacity that they consume. */
import { CreateTableCommand, DynamoDBClient, type ReturnConsumedCapacity } from '@aws-sdk/client-dynamodb';
import { Dynalite } from '../local/dynamodb/dynalite';
import { silentLog } from '../local/log';

export interface Consumption {
  calls: number;
  /** Read and write capacity units together. */
  units: number;
}

export class MeteredTable {
  readonly tableName = 'connections';
  #consumed: Consumption = { calls: 0, units: 0 };

  static async start(): Promise<MeteredTable> {
    const dynalite = await Dynalite.start({ region: 'us-east-1', accountId: '000000000000', log: silentLog });
    const client = new DynamoDBClient({
      endpoint: dynalite.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const metered = new MeteredTable(dynalite, client);
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
    metered.#meter();
    return metered;
  }

  private constructor(
    private readonly dynalite: Dynalite,
    readonly client: DynamoDBClient,
  ) {}

  /** What `work` consumes. */
  async consumedBy(work: () => Promise<unknown>): Promise<Consumption> {
    this.#consumed = { calls: 0, units: 0 };
    await work();
    return { ...this.#consumed };
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.dynalite.close();
  }

  /** A write whose condition fails tells of no capacity; it costs what it would have written: here a unit, as items are small. */
  #meter(): void {
    this.client.middlewareStack.add(
      (next) => async (request) => {
        const total: ReturnConsumedCapacity = 'TOTAL';
        Object.assign(request.input, { ReturnConsumedCapacity: total });
        this.#consumed.calls += 1;
        try {
          const result = await next(request);
          const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } };
          this.#consumed.units += ConsumedCapacity?.CapacityUnits ?? 0;
          return result;
        } catch (error) {
          this.#consumed.units += 1;
          throw error;
        }
      },
      { step: 'initialize', name: 'meter' },
    );
  }
}
