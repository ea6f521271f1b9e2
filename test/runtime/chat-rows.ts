/** A service's rows in the table, for tests. The default is the chat. */
import {
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { tableClient } from '../table-client';

const CHANNEL = 'CHANNEL#chat#*';
/** The members of the channel for the chat's lines. */
const LINES = 'CHANNEL#chat#lines';

export type Row = Record<string, unknown> & { pk: string; sk: string };

export class ChatRows {
  readonly #client: DynamoDBDocumentClient;

  /**
   * @param endpoint the address of a DynamoDB
   * @param channel the channel whose members are read
   */
  constructor(
    endpoint: string,
    private readonly tableName: string,
    private readonly channel = CHANNEL,
  ) {
    this.#client = DynamoDBDocumentClient.from(tableClient(endpoint));
  }

  anchors(): Promise<Row[]> {
    return this.#membersOf(this.channel);
  }

  #membersOf(channel: string): Promise<Row[]> {
    const range = {
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :member)',
      ExpressionAttributeValues: { ':pk': channel, ':member': 'MEMBER#' },
    };
    return this.#allPages((page) => this.#client.send(new QueryCommand({ ...page, ...range })));
  }

  /** The anchors of all connections, open or not. */
  connections(): Promise<Row[]> {
    const filter = {
      FilterExpression: 'begins_with(pk, :connection)',
      ExpressionAttributeValues: { ':connection': 'CONNECTION#' },
    };
    return this.#allPages((page) => this.#client.send(new ScanCommand({ ...page, ...filter })));
  }

  async #allPages(
    read: (page: {
      TableName: string;
      ConsistentRead: true;
      ExclusiveStartKey?: Record<string, unknown>;
    }) => Promise<{ Items?: unknown[] | undefined; LastEvaluatedKey?: Record<string, unknown> | undefined }>,
  ): Promise<Row[]> {
    const rows: Row[] = [];
    let from: Record<string, unknown> | undefined;
    do {
      const page = await read({
        TableName: this.tableName,
        ConsistentRead: true,
        ...(from && { ExclusiveStartKey: from }),
      });
      rows.push(...((page.Items ?? []) as Row[]));
      from = page.LastEvaluatedKey;
    } while (from);
    return rows;
  }

  connection(webSocketId: string): Promise<Row | undefined> {
    return this.#get({ pk: `CONNECTION#${webSocketId}`, sk: 'CONNECTION' });
  }

  /** How many changes the user list has counted. */
  async listRevision(): Promise<number> {
    return ((await this.#get({ pk: CHANNEL, sk: 'LIST' }))?.rev as number | undefined) ?? 0;
  }

  /** Makes all connections older in each of their rows, as if time had passed. */
  async age(milliseconds: number): Promise<void> {
    const anchors = await this.anchors();
    const members = [...anchors, ...(await this.#membersOf(LINES))].map(({ pk, sk }) => ({ pk, sk }));
    const connections = anchors.map(({ sk }) => ({ pk: `CONNECTION#${sk.split('#')[2]}`, sk: 'CONNECTION' }));
    for (const Key of [...members, ...connections]) {
      await this.#client.send(
        new UpdateCommand({
          TableName: this.tableName,
          Key,
          UpdateExpression: 'SET acceptedAt = acceptedAt - :age',
          ExpressionAttributeValues: { ':age': milliseconds },
        }),
      );
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async #get(Key: { pk: string; sk: string }): Promise<Row | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.tableName, Key, ConsistentRead: true }),
    );
    return Item as Row | undefined;
  }
}
