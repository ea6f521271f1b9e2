/** The app's tables at the user's endpoint. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { DynamoTable } from '../assembly/model';
import type { Clock } from '../clock';
import type { RequestHandler } from '../endpoint/request-router';
import { ServiceProxy } from '../endpoint/service-proxy';
import type { Faults } from '../faults/faults';
import { ThrottledTables } from '../faults/throttled-tables';
import type { Access } from '../iam/access';
import { GuardedService } from '../iam/guarded-service';
import { PERSONAL_CREDENTIALS } from '../iam/identities';
import { DYNAMODB } from '../iam/protocols';
import { type RequestToSign, signatureHeaders } from '../iam/signer';
import type { Log } from '../log';
import { UserError } from '../user-error';
import { RemoteSweep } from './remote-sweep';

export interface RemoteTablesOptions {
  region: string;
  tables: DynamoTable[];
  clock: Clock;
  log: Log;
  faults?: Faults | undefined;
  /** @default everybody may do everything */
  access?: Access | undefined;
}

export class RemoteTables {
  readonly handler: RequestHandler;
  readonly #url: string;
  readonly #client: DynamoDBClient;
  readonly #proxy: ServiceProxy;
  readonly #sweep: RemoteSweep;
  readonly #created = new Set<string>();

  constructor(url: string, options: RemoteTablesOptions) {
    const { region, tables, clock, log, faults, access } = options;
    this.#url = url;
    this.#client = new DynamoDBClient({
      ...{ endpoint: url, region },
      ...(hasCredentials() ? {} : { credentials: PERSONAL_CREDENTIALS }),
    });
    // The other database does not know the functions' credentials. So the permission is checked here, and the request
    // is signed with this process's credentials.
    const sign = async (request: RequestToSign) =>
      signatureHeaders(request, { region, service: 'dynamodb' }, await this.#client.config.credentials());
    const losesAnswer = faults && (() => faults.strikes('answer-lost'));
    this.#proxy = new ServiceProxy(url, log, { losesAnswer, sign: access && sign });
    const guarded = access ? new GuardedService(this.#proxy, access, DYNAMODB) : this.#proxy;
    this.handler = faults ? new ThrottledTables(guarded, faults) : guarded;
    this.#sweep = new RemoteSweep({ client: this.#client, tables, clock });
  }

  get address(): string {
    return this.#url;
  }

  /** @throws {UserError} if one cannot be created */
  async create(tables: DynamoTable[]): Promise<void> {
    const missing = tables.filter(({ tableName }) => !this.#created.has(tableName));
    await Promise.all(missing.map((table) => createTable(this.#client, table, this.#url)));
    for (const { tableName } of missing) this.#created.add(tableName);
    this.#sweep.follow(tables);
  }

  deleteExpired(): Promise<number> {
    return this.#sweep.run();
  }

  async close(): Promise<void> {
    this.#sweep.stop();
    this.#client.destroy();
    this.#proxy.close();
  }
}

/** Most emulators check no signatures, but the SDK wants to sign. */
function hasCredentials(): boolean {
  return process.env.AWS_ACCESS_KEY_ID !== undefined || process.env.AWS_PROFILE !== undefined;
}

const TABLE_WAIT_SECONDS = 30;

async function createTable(client: DynamoDBClient, table: DynamoTable, url: string): Promise<void> {
  try {
    // The template's reader makes it a request; DynamoDB validates it.
    await client.send(new CreateTableCommand(table.createTable as unknown as CreateTableCommandInput));
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table.tableName }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await waitUntilTableExists(
      { client, maxWaitTime: TABLE_WAIT_SECONDS, minDelay: 1, maxDelay: 1 },
      { TableName: table.tableName },
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // The table may exist from an earlier run.
    if (error.name === 'ResourceInUseException') return;
    const reason = error.message || ('code' in error ? String(error.code) : error.name);
    throw new UserError(
      `${table.path}: DynamoDB at ${url} refuses to create the table ${table.tableName}: ${reason}`,
    );
  }
}
