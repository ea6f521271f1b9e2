/** The table on DynamoDB. The only place that imports its client. */
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Clock } from '../clock';
import type { Condition } from './conditions';
import { Expressions } from './expressions';
import { type Item, isExpired, type Key } from './item';
import type { Change, Page, Range, Table } from './table';

export class DynamoDbTable implements Table {
  readonly #client: DynamoDBDocumentClient;

  constructor(
    readonly tableName: string,
    private readonly clock: Clock,
    client = new DynamoDBClient({ requestHandler: { connectionTimeout: 2_000, socketTimeout: 10_000 } }),
  ) {
    this.#client = DynamoDBDocumentClient.from(client);
  }

  async get(key: Key): Promise<Item | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.tableName, Key: key, ConsistentRead: true }),
    );
    const item = Item && plain(Item);
    return item && !isExpired(item, this.clock.now()) ? item : undefined;
  }

  put(item: Item, condition: Condition): Promise<boolean> {
    const expressions = new Expressions();
    return unlessConditionFails(
      this.#client.send(
        new PutCommand({
          TableName: this.tableName,
          Item: item,
          ...expressions.condition(condition),
          ...expressions.placeholders(),
        }),
      ),
    ).then((result) => result !== undefined);
  }

  async update(key: Key, change: Change, condition: Condition): Promise<Item | undefined> {
    const expressions = new Expressions();
    const result = await unlessConditionFails(
      this.#client.send(
        new UpdateCommand({
          TableName: this.tableName,
          Key: key,
          ReturnValues: 'ALL_NEW',
          ...expressions.update(change),
          ...expressions.condition(condition),
          ...expressions.placeholders(),
        }),
      ),
    );
    return result?.Attributes && plain(result.Attributes);
  }

  delete(key: Key, condition: Condition): Promise<boolean> {
    const expressions = new Expressions();
    return unlessConditionFails(
      this.#client.send(
        new DeleteCommand({
          TableName: this.tableName,
          Key: key,
          ...expressions.condition(condition),
          ...expressions.placeholders(),
        }),
      ),
    ).then((result) => result !== undefined);
  }

  async query({ pk, prefix, descending = false, limit, consistent = true, after }: Range): Promise<Page> {
    const expressions = new Expressions();
    const partition = `${expressions.name('pk')} = ${expressions.value(pk)}`;
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.tableName,
        KeyConditionExpression:
          prefix === ''
            ? partition
            : `${partition} AND begins_with(${expressions.name('sk')}, ${expressions.value(prefix)})`,
        ...expressions.placeholders(),
        ScanIndexForward: !descending,
        ConsistentRead: consistent,
        ...(limit !== undefined && { Limit: limit }),
        ...(after && { ExclusiveStartKey: after }),
      }),
    );
    const now = this.clock.now();
    return {
      items: Items.map(plain).filter((item) => !isExpired(item, now)),
      ...(LastEvaluatedKey && { next: LastEvaluatedKey as Key }),
    };
  }
}

/** What the document client read, with string sets as arrays. */
function plain(item: Record<string, unknown>): Item {
  for (const [name, value] of Object.entries(item)) if (value instanceof Set) item[name] = [...value].sort();
  return item as Item;
}

async function unlessConditionFails<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
