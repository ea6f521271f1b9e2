/** The app's tables, in the built-in DynamoDB or at the user's endpoint. Expired items are deleted as on AWS. */
import type { DynamoTable } from '../assembly/model';
import type { Clock } from '../clock';
import type { RequestHandler } from '../endpoint/request-router';
import type { Faults } from '../faults/faults';
import type { Access } from '../iam/access';
import type { Log } from '../log';
import type { ChangeListener, ItemChange } from './change';
import { EmbeddedTables } from './embedded-tables';
import { Expiry } from './expiry';
import type { RemoteTables } from './remote-tables';

export interface LocalDynamoDbOptions {
  region: string;
  accountId: string;
  tables: DynamoTable[];
  clock: Clock;
  /** The clock by which items of the embedded one expire. @default `clock` */
  appTime?: Clock | undefined;
  log: Log;
  /** Another DynamoDB to use. @default the built-in one, in memory */
  url?: string;
  /** Where the built-in one stores its tables. @default in memory */
  directory?: string;
  /** Gets the changes of tables that have a stream. Another DynamoDB does not report its changes. */
  onChange?: ChangeListener;
  /** What goes wrong on purpose. @default nothing */
  faults?: Faults | undefined;
  /** Decides who may do what. @default everybody may do everything */
  access?: Access | undefined;
}

/** How long after a sweep the next one begins. AWS takes up to some days: nothing may depend on promptness. */
const SWEEP_INTERVAL_MILLIS = 30_000;
/** Where time is to pass faster. */
const FAST_SWEEP_INTERVAL_MILLIS = 1_000;

export class LocalDynamoDb {
  readonly expiry: Expiry;
  /** Serves requests over the one port. */
  readonly handler: RequestHandler;
  readonly #tables: EmbeddedTables | RemoteTables;

  /** @throws {UserError} if the tables cannot be created */
  static async start(options: LocalDynamoDbOptions): Promise<LocalDynamoDb> {
    const tables =
      options.url === undefined ? await EmbeddedTables.start(options) : remoteTables(options.url, options);
    const database = new LocalDynamoDb(tables, options);
    try {
      await tables.create(options.tables);
    } catch (error) {
      await database.close();
      throw error;
    }
    database.expiry.start();
    return database;
  }

  private constructor(
    tables: EmbeddedTables | RemoteTables,
    { clock, appTime = clock, log }: LocalDynamoDbOptions,
  ) {
    this.#tables = tables;
    this.handler = tables.handler;
    const intervalMillis = appTime === clock ? SWEEP_INTERVAL_MILLIS : FAST_SWEEP_INTERVAL_MILLIS;
    this.expiry = new Expiry({ sweep: () => tables.deleteExpired(), intervalMillis, clock, log });
  }

  /** The path of the built-in one's socket, or the URL of another one. */
  get address(): string {
    return this.#tables.address;
  }

  /**
   * Creates missing tables. The others stay, with their items.
   * @throws {UserError} if one cannot be created
   */
  async update(tables: DynamoTable[]): Promise<void> {
    await this.#tables.create(tables);
  }

  /** What the table's stream still has, in order. Another DynamoDB does not report it. */
  recordedChanges(tableName: string): ItemChange[] {
    return this.#tables instanceof EmbeddedTables ? this.#tables.recordedChanges(tableName) : [];
  }

  async close(): Promise<void> {
    this.expiry.stop();
    await this.#tables.close();
  }
}

/** Loaded only where it is used: the SDK's client takes 2.6 MB. */
function remoteTables(url: string, options: LocalDynamoDbOptions): RemoteTables {
  const { RemoteTables } = require('./remote-tables') as typeof import('./remote-tables');
  return new RemoteTables(url, options);
}
