import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoTable } from '../assembly/model';
import type { Alarm, Clock } from '../clock';
import type { Log } from '../log';
import type { Attributes } from './change';

/** How long after a sweep the next one begins. AWS takes up to some days: nothing may depend on promptness. */
const SWEEP_INTERVAL_MILLIS = 30_000;

/** "Items with a TTL value older than five years are not deleted", says DynamoDB's page on time to live. */
const FIVE_YEARS_SECONDS = 5 * 365 * 24 * 60 * 60;

/** DynamoDB's time to live: deletes the items whose time has passed, by the runtime's clock. */
export class Expiry {
  readonly #client: DynamoDBClient;
  #tables: DynamoTable[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #expiring = new Set<string>();
  #alarm: Alarm | undefined;
  #isStopped = false;

  constructor(options: { client: DynamoDBClient; tables: DynamoTable[]; clock: Clock; log: Log }) {
    this.#client = options.client;
    this.#tables = withTimeToLive(options.tables);
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Looks at these tables from now on. */
  follow(tables: DynamoTable[]): void {
    this.#tables = withTimeToLive(tables);
    if (!this.#alarm) this.start();
  }

  start(): void {
    this.#alarm = undefined;
    if (this.#tables.length === 0) return;
    this.#alarm = this.#clock.after(SWEEP_INTERVAL_MILLIS, () => {
      this.sweep()
        .catch((error: unknown) => {
          if (!this.#isStopped) this.#log.warn(`Expired items could not be deleted: ${String(error)}`);
        })
        .finally(() => {
          if (!this.#isStopped) this.start();
        });
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#alarm?.cancel();
  }

  /** Whether the item with these keys is just being deleted because its time is over. */
  isExpiring(tableName: string, keys: Attributes): boolean {
    return this.#expiring.has(nameOf(tableName, keys));
  }

  /** Deletes what has expired by now in every table, and tells how many items that were. */
  async sweep(): Promise<number> {
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

  /** `false` if somebody has given the item more time since it was seen. */
  async #delete(
    tableName: string,
    item: Record<string, AttributeValue>,
    keyNames: string[],
    ttlAttribute: string,
  ): Promise<boolean> {
    const seen = item[ttlAttribute];
    if (!seen) return false;
    const keys = Object.fromEntries(Object.entries(item).filter(([name]) => keyNames.includes(name)));
    const name = nameOf(tableName, keys);
    this.#expiring.add(name);
    try {
      await this.#client.send(
        new DeleteItemCommand({
          TableName: tableName,
          Key: keys,
          ConditionExpression: '#ttl = :seen',
          ExpressionAttributeNames: { '#ttl': ttlAttribute },
          ExpressionAttributeValues: { ':seen': seen },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    } finally {
      this.#expiring.delete(name);
    }
  }
}

function nameOf(tableName: string, keys: object): string {
  return JSON.stringify([tableName, Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function withTimeToLive(tables: DynamoTable[]): DynamoTable[] {
  return tables.filter(({ ttlAttribute }) => ttlAttribute !== undefined);
}

export function keyAttributes(table: DynamoTable): string[] {
  const schema = table.createTable.KeySchema as { AttributeName: string }[];
  return schema.map(({ AttributeName }) => AttributeName);
}
