import { isDeepStrictEqual } from 'node:util';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { DynamoTable } from '../assembly/model';
import type { Clock } from '../clock';
import type { Log } from '../log';
import { UserError } from '../user-error';
import type { ItemChange } from './change';
import { Dynalite, type StoredChange } from './dynalite';
import { Expiry, keyAttributes } from './expiry';

export interface LocalDynamoDbOptions {
  region: string;
  accountId: string;
  tables: DynamoTable[];
  clock: Clock;
  log: Log;
  /** Another DynamoDB to use. @default an embedded one, in memory */
  url?: string;
  /** Where the embedded one keeps its tables. @default in memory */
  directory?: string;
  /** Hears of the items of tables that have a stream. Another DynamoDB's changes are not told. */
  onChange?(change: ItemChange): void;
}

/** The app's tables, in the embedded DynamoDB or at an endpoint of the user's; expired items go as on AWS. */
export class LocalDynamoDb {
  readonly url: string;
  readonly expiry: Expiry;
  readonly #dynalite: Dynalite | undefined;
  readonly #client: DynamoDBClient;
  readonly #directory: string | undefined;
  readonly #clock: Clock;
  readonly #onChange: LocalDynamoDbOptions['onChange'];
  readonly #created = new Set<string>();
  /** Of those with a stream: the names of their key attributes. */
  #streamed = new Map<string, string[]>();

  /** @throws {UserError} if the tables cannot be created. */
  static async start(options: LocalDynamoDbOptions): Promise<LocalDynamoDb> {
    const onChange = (change: StoredChange) => database.#changed(change);
    const dynalite = options.url === undefined ? await Dynalite.start({ ...options, onChange }) : undefined;
    const url = options.url ?? dynalite?.url ?? '';
    const client = new DynamoDBClient({
      endpoint: url,
      region: options.region,
      ...(dynalite || !hasCredentials() ? { credentials: LOCAL_CREDENTIALS } : {}),
    });
    const expiry = new Expiry({ client, tables: options.tables, clock: options.clock, log: options.log });
    const database: LocalDynamoDb = new LocalDynamoDb(url, expiry, dynalite, client, options);
    try {
      await database.#create(options.tables);
    } catch (error) {
      await database.close();
      throw error;
    }
    expiry.start();
    return database;
  }

  private constructor(
    url: string,
    expiry: Expiry,
    dynalite: Dynalite | undefined,
    client: DynamoDBClient,
    { directory, clock, onChange }: LocalDynamoDbOptions,
  ) {
    this.url = url;
    this.expiry = expiry;
    this.#dynalite = dynalite;
    this.#client = client;
    this.#directory = directory;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /**
   * Creates those tables that are not there yet; others stay, with what is in them.
   * @throws {UserError} if one cannot be created.
   */
  async update(tables: DynamoTable[]): Promise<void> {
    await this.#create(tables);
    this.expiry.follow(tables);
  }

  async close(): Promise<void> {
    this.expiry.stop();
    this.#client.destroy();
    await this.#dynalite?.close();
  }

  async #create(tables: DynamoTable[]): Promise<void> {
    const streamed = tables.filter(({ streamViewType }) => streamViewType !== undefined);
    this.#streamed = new Map(streamed.map((table) => [table.tableName, keyAttributes(table)]));
    this.#dynalite?.follow([...this.#streamed.keys()]);
    const missing = tables.filter(({ tableName }) => !this.#created.has(tableName));
    await Promise.all(missing.map((table) => createTable(this.#client, table, this.url, this.#directory)));
    for (const { tableName } of missing) this.#created.add(tableName);
  }

  /** A write that leaves an item as it was is no change. */
  #changed({ tableName, oldImage, newImage }: StoredChange): void {
    const names = this.#streamed.get(tableName);
    const image = newImage ?? oldImage;
    if (!names || !image || isDeepStrictEqual(oldImage, newImage)) return;
    const keys = Object.fromEntries(names.map((name) => [name, image[name] ?? {}]));
    this.#onChange?.({
      ...{ tableName, keys, at: this.#clock.now() },
      ...(oldImage && { oldImage }),
      ...(newImage && { newImage }),
      isExpiry: newImage === undefined && this.expiry.isExpiring(tableName, keys),
    });
  }
}

/** Neither the embedded DynamoDB nor most emulators check signatures, but the SDK wants to sign. */
const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

function hasCredentials(): boolean {
  return process.env.AWS_ACCESS_KEY_ID !== undefined || process.env.AWS_PROFILE !== undefined;
}

const TABLE_WAIT_SECONDS = 30;

async function createTable(
  client: DynamoDBClient,
  table: DynamoTable,
  url: string,
  directory: string | undefined,
): Promise<void> {
  try {
    // The template's reader gives it the shape of the request; DynamoDB validates it.
    await client.send(new CreateTableCommand(table.createTable as unknown as CreateTableCommandInput));
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table.tableName }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await waitUntilTableExists(
      { client, maxWaitTime: TABLE_WAIT_SECONDS, minDelay: 1, maxDelay: 1 },
      { TableName: table.tableName },
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // The table may be there from an earlier run.
    if (error.name === 'ResourceInUseException') {
      if (directory !== undefined) await refuseOtherShape(client, table, directory);
      return;
    }
    const reason = error.message || ('code' in error ? String(error.code) : error.name);
    throw new UserError(
      `${table.path}: DynamoDB at ${url} does not create the table ${table.tableName}: ${reason}`,
    );
  }
}

/** An older template's table would answer with errors that AWS, where the deployment replaces it, would not give. */
async function refuseOtherShape(
  client: DynamoDBClient,
  table: DynamoTable,
  directory: string,
): Promise<void> {
  const { tableName, path, createTable: wanted } = table;
  const { Table: kept = {} } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  if (shapeOf(kept) === shapeOf(wanted)) return;
  throw new UserError(
    `${path}: the table ${tableName} that is kept in ${directory} has other keys or indexes than the template now says. Delete that folder, or give another.`,
  );
}

/** Keys and indexes, as text. */
function shapeOf(table: object): string {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, LocalSecondaryIndexes } =
    table as Partial<CreateTableCommandInput>;
  const keyOf = (schema: CreateTableCommandInput['KeySchema'] = []) =>
    schema.map(({ AttributeName, KeyType }) => {
      const definition = AttributeDefinitions?.find((other) => other.AttributeName === AttributeName);
      return `${KeyType} ${AttributeName} ${definition?.AttributeType}`;
    });
  const indexes = [...(GlobalSecondaryIndexes ?? []), ...(LocalSecondaryIndexes ?? [])].map((index) =>
    JSON.stringify([index.IndexName, keyOf(index.KeySchema).sort(), index.Projection?.ProjectionType]),
  );
  return JSON.stringify([keyOf(KeySchema).sort(), indexes.sort()]);
}
