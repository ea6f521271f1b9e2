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
import { Dynalite } from './dynalite';
import { Expiry } from './expiry';

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
}

/** The app's tables, in the embedded DynamoDB or at an endpoint of the user's; expired items go as on AWS. */
export class LocalDynamoDb {
  readonly url: string;
  readonly expiry: Expiry;
  readonly #dynalite: Dynalite | undefined;
  readonly #client: DynamoDBClient;

  /** @throws {UserError} if the tables cannot be created. */
  static async start(options: LocalDynamoDbOptions): Promise<LocalDynamoDb> {
    const dynalite = options.url === undefined ? await Dynalite.start(options) : undefined;
    const url = options.url ?? dynalite?.url ?? '';
    const client = new DynamoDBClient({
      endpoint: url,
      region: options.region,
      ...(dynalite || !hasCredentials() ? { credentials: LOCAL_CREDENTIALS } : {}),
    });
    const expiry = new Expiry({ client, tables: options.tables, clock: options.clock, log: options.log });
    const database = new LocalDynamoDb(url, expiry, dynalite, client);
    try {
      await Promise.all(options.tables.map((table) => createTable(client, table, url)));
    } catch (error) {
      await database.close();
      throw error;
    }
    expiry.start();
    return database;
  }

  private constructor(url: string, expiry: Expiry, dynalite: Dynalite | undefined, client: DynamoDBClient) {
    this.url = url;
    this.expiry = expiry;
    this.#dynalite = dynalite;
    this.#client = client;
  }

  async close(): Promise<void> {
    this.expiry.stop();
    this.#client.destroy();
    await this.#dynalite?.close();
  }
}

/** Neither the embedded DynamoDB nor most emulators check signatures, but the SDK wants to sign. */
const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

function hasCredentials(): boolean {
  return process.env.AWS_ACCESS_KEY_ID !== undefined || process.env.AWS_PROFILE !== undefined;
}

const TABLE_WAIT_SECONDS = 30;

async function createTable(client: DynamoDBClient, table: DynamoTable, url: string): Promise<void> {
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
    // At an endpoint of the user's the table may be there from an earlier run.
    if (error.name === 'ResourceInUseException') return;
    const reason = error.message || ('code' in error ? String(error.code) : error.name);
    throw new UserError(
      `${table.path}: DynamoDB at ${url} does not create the table ${table.tableName}: ${reason}`,
    );
  }
}
