/** The app's tables in the built-in DynamoDB, which has no port of its own. */

import type { DynamoTable } from '../assembly/model';
import type { JsonObject } from '../assembly/values/json';
import { STREAM_LABEL } from '../assembly/values/resource-values';
import type { Clock } from '../clock';
import type { RequestHandler } from '../endpoint/request-router';
import type { Faults } from '../faults/faults';
import { ThrottledTables } from '../faults/throttled-tables';
import type { Access } from '../iam/access';
import type { Log } from '../log';
import { UserError } from '../user-error';
import type { ChangeListener, ItemChange } from './change';
import { Database } from './database';
import { DynamoDbError } from './dynamodb-error';
import { DynamoDbService } from './dynamodb-service';
import { deleteExpired } from './expired-items';
import { FileJournal } from './file-journal';
import { Lifetimes } from './lifetimes';
import { execute } from './operations/operations';
import { PrivateSocket } from './private-socket';
import { shapeOf } from './table-shape';

export interface EmbeddedTablesOptions {
  region: string;
  accountId: string;
  clock: Clock;
  /** The clock by which items expire. @default `clock` */
  appTime?: Clock | undefined;
  log: Log;
  /** @default in memory */
  directory?: string;
  onChange?: ChangeListener;
  /** What goes wrong on purpose. @default nothing */
  faults?: Faults | undefined;
  /** @default everybody may do everything */
  access?: Access | undefined;
}

interface EmbeddedParts {
  database: Database;
  handler: RequestHandler;
  socket: PrivateSocket;
  journal: FileJournal | undefined;
  lifetimes: Lifetimes | undefined;
}

/** Tables that an app creates while it runs do not become active immediately, as on AWS. */
const TRANSITION_MILLIS = 250;

export class EmbeddedTables {
  readonly handler: RequestHandler;
  readonly #database: Database;
  readonly #socket: PrivateSocket;
  readonly #journal: FileJournal | undefined;
  readonly #directory: string | undefined;
  readonly #lifetimes: Lifetimes | undefined;

  /** @throws {UserError} if the folder cannot be used */
  static async start(options: EmbeddedTablesOptions): Promise<EmbeddedTables> {
    const { region, accountId, clock, log, directory, onChange, faults, access } = options;
    const kept: { journal?: FileJournal } = {};
    const database: Database = new Database({
      ...{ region, accountId, clock, transitionMillis: TRANSITION_MILLIS },
      ...(onChange && { onChange }),
      ...(directory !== undefined && {
        journal: { append: (entry, snapshot) => kept.journal?.append(entry, snapshot) },
      }),
    });
    if (directory !== undefined) {
      kept.journal = FileJournal.open({ directory, log, restore: (entry) => database.restore(entry) });
    }
    const service = new DynamoDbService({
      ...{ database, log, access },
      losesAnswer: faults && (() => faults.strikes('answer-lost')),
    });
    const handler = faults ? new ThrottledTables(service, faults) : service;
    const { appTime = clock } = options;
    const lifetimes = appTime === clock ? undefined : new Lifetimes(clock, appTime);
    try {
      const socket = await PrivateSocket.listen(handler);
      return new EmbeddedTables({ database, handler, socket, journal: kept.journal, lifetimes }, directory);
    } catch (error) {
      kept.journal?.close();
      throw error;
    }
  }

  private constructor(parts: EmbeddedParts, directory: string | undefined) {
    this.#database = parts.database;
    this.handler = parts.handler;
    this.#socket = parts.socket;
    this.#journal = parts.journal;
    this.#lifetimes = parts.lifetimes;
    this.#directory = directory;
  }

  get address(): string {
    return this.#socket.path;
  }

  /** @throws {UserError} if one cannot be created, or is stored with another shape */
  async create(tables: DynamoTable[]): Promise<void> {
    for (const table of tables) this.#create(table);
  }

  async deleteExpired(): Promise<number> {
    return deleteExpired(this.#database, this.#lifetimes);
  }

  recordedChanges(tableName: string): ItemChange[] {
    return this.#database.streams.changesOf(tableName);
  }

  async close(): Promise<void> {
    await this.#socket.close();
    this.#journal?.close();
  }

  #create(table: DynamoTable): void {
    const { tableName, createTable } = table;
    if (this.#database.hasTable(tableName)) this.#refuseOtherShape(table);
    else {
      try {
        execute(this.#database, 'CreateTable', createTable as JsonObject);
      } catch (error) {
        if (!(error instanceof DynamoDbError)) throw error;
        throw new UserError(
          `${table.path}: DynamoDB refuses to create the table ${tableName}: ${error.message}`,
        );
      }
    }
    this.#setUp(table);
  }

  /**
   * Settings of a template besides CreateTable: the table is ready immediately, with its time to live and its stream.
   */
  #setUp({ tableName, ttlAttribute, streamViewType }: DynamoTable): void {
    const { state } = this.#database.managedTable(tableName);
    const { ttlAttribute: _, ...rest } = state;
    const { StreamSpecification: __, LatestStreamArn, LatestStreamLabel, ...description } = state.description;
    const indexes = description.GlobalSecondaryIndexes as JsonObject[] | undefined;
    const wanted = {
      ...rest,
      description: {
        ...description,
        TableStatus: 'ACTIVE',
        ...(indexes && {
          GlobalSecondaryIndexes: indexes.map((index) => ({ ...index, IndexStatus: 'ACTIVE' })),
        }),
        ...(streamViewType && {
          StreamSpecification: { StreamEnabled: true, StreamViewType: streamViewType },
          LatestStreamLabel: STREAM_LABEL,
          LatestStreamArn: `${this.#database.arnOf(tableName)}/stream/${STREAM_LABEL}`,
        }),
      },
      ...(ttlAttribute !== undefined && { ttlAttribute }),
    };
    if (JSON.stringify(wanted) !== JSON.stringify(state)) this.#database.keepTable(wanted);
  }

  /**
   * An older template's table would cause errors that do not happen on AWS, where the deployment replaces the table.
   */
  #refuseOtherShape({ tableName, path, createTable }: DynamoTable): void {
    if (this.#directory === undefined) return;
    const { description } = this.#database.managedTable(tableName).state;
    if (shapeOf(description) === shapeOf(createTable)) return;
    throw new UserError(
      `${path}: the table ${tableName} in ${this.#directory} has other keys or indexes than the template. Delete that folder, or choose another.`,
    );
  }
}
