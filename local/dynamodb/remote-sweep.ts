/** Deletes expired items of tables in another DynamoDB. */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoTable } from '../assembly/model';
import type { Clock } from '../clock';
import { FIVE_YEARS_SECONDS } from './expired-items';

export class RemoteSweep {
  readonly #client: DynamoDBClient;
  #tables: DynamoTable[];
  readonly #clock: Clock;
  #isStopped = false;

  constructor(options: { client: DynamoDBClient; tables: DynamoTable[]; clock: Clock }) {
    this.#client = options.client;
    this.#tables = withTimeToLive(options.tables);
    this.#clock = options.clock;
  }

  /** Watches these tables from now on. */
  follow(tables: DynamoTable[]): void {
    this.#tables = withTimeToLive(tables);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Deletes all expired items in every table, and returns how many there were. */
  async run(): Promise<number> {
    let deleted = 0;
    for (const table of this.#tables) deleted += await this.#sweepTable(table);
    return deleted;
  }

  async #sweepTable(table: DynamoTable): Promise<number> {
    const { tableName, ttlAttribute = '' } = table;
    const keyNames = keyAttributes(table);
    const projection = [...new Set([...keyNames, ttlAttribute])];
    const nowSeconds = Math.floor(this.#clock.now() / 1000);
    let deleted = 0;
    let startKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new ScanCommand({
          TableName: tableName,
          ProjectionExpression: projection.map((_, index) => `#p${index}`).join(', '),
          FilterExpression: 'attribute_type(#ttl, :number) AND #ttl < :now AND #ttl > :fiveYearsAgo',
          ExpressionAttributeNames: {
            '#ttl': ttlAttribute,
            ...Object.fromEntries(projection.map((name, index) => [`#p${index}`, name])),
          },
          ExpressionAttributeValues: {
            ':number': { S: 'N' },
            ':now': { N: String(nowSeconds) },
            ':fiveYearsAgo': { N: String(nowSeconds - FIVE_YEARS_SECONDS) },
          },
          ...(startKey ? { ExclusiveStartKey: startKey } : {}),
        }),
      );
      for (const item of page.Items ?? []) {
        if (this.#isStopped) return deleted;
        if (await this.#delete(tableName, item, keyNames, ttlAttribute)) deleted += 1;
      }
      startKey = page.LastEvaluatedKey;
    } while (startKey && !this.#isStopped);
    return deleted;
  }

  /** `false` if the item's expiry has been extended since it was read. */
  async #delete(
    tableName: string,
    item: Record<string, AttributeValue>,
    keyNames: string[],
    ttlAttribute: string,
  ): Promise<boolean> {
    const seen = item[ttlAttribute];
    if (!seen) return false;
    try {
      await this.#client.send(
        new DeleteItemCommand({
          TableName: tableName,
          Key: Object.fromEntries(Object.entries(item).filter(([name]) => keyNames.includes(name))),
          ConditionExpression: '#ttl = :seen',
          ExpressionAttributeNames: { '#ttl': ttlAttribute },
          ExpressionAttributeValues: { ':seen': seen },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}

function withTimeToLive(tables: DynamoTable[]): DynamoTable[] {
  return tables.filter(({ ttlAttribute }) => ttlAttribute !== undefined);
}

function keyAttributes(table: DynamoTable): string[] {
  const schema = table.createTable.KeySchema as { AttributeName: string }[];
  return schema.map(({ AttributeName }) => AttributeName);
}
