/**
 * An app on a local runtime, for tests from the socket to the table and back: this repository's own app, or another.
 */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { systemClock } from '../../lib/clock';
import { DynamoDbTable } from '../../lib/table/dynamodb-table';
import type { Item } from '../../lib/table/item';
import { pages } from '../../lib/table/table';
import type { App, LambdaFunction } from '../../local/assembly/model';
import { readAssembly } from '../../local/assembly/read-assembly';
import { findApp } from '../../local/assembly/synthesis/app-source';
import { synthesize } from '../../local/assembly/synthesis/synthesis';
import type { JsonObject } from '../../local/assembly/values/json';
import { awsExports, bucketExports, tableExports } from '../../local/cli/exports';
import type { Clock } from '../../local/clock';
import type { Faults } from '../../local/faults/faults';
import type { AccountQuotas } from '../../local/gateway/quotas';
import { type FunctionLog, silentFunctionLog } from '../../local/lambda/function-log';
import { type Log, silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import type { RuntimeOptions } from '../../local/runtime-options';
import { sharedSynthesis } from './shared-synthesis';

const ROOT = join(__dirname, '../..');

export interface AppOptions {
  /** The folder of its `cdk.json`, relative to the repository. @default the repository itself */
  app?: string;
  /** Faults to inject. @default none */
  faults?: Faults;
  /** The clock of the gateway and the function host. Functions keep their own. @default the system's */
  clock?: Clock;
  /** The folder of the bucket whose notifications run functions. @default none */
  incomingDirectory?: string;
  /** The folder with the pages. @default none */
  webDirectory?: string;
  /** Context in addition to that of cdk.json. @default none */
  context?: JsonObject;
  /** How many times as fast limits, schedules and expiry run. @default 1 */
  timeScale?: number;
  /** @default AWS's */
  accountQuotas?: AccountQuotas;
  /** Whether signatures and permissions are checked. @default true */
  iam?: boolean;
  /** @default silence */
  functionLog?: FunctionLog;
  /** @default silence */
  log?: Log;
  /** The console's access to services. @default none */
  services?: RuntimeOptions['services'];
}

export interface RunningApp {
  /** The app as it was read. */
  app: App;
  runtime: Runtime;
  /** The name of the app's only or first table. */
  tableName: string;
  /** Opens a service of the app. */
  tableOf(service: string): string;
  functions: LambdaFunction[];
  functionNames: string[];
  /** The function that runs `server()`, cleans up and sweeps. */
  serverFunction: string;
  /** The variables that `npm start` prints for export. */
  exported: NodeJS.ProcessEnv;
  /** The items in a partition of the app's tables whose sort keys begin with the prefix. */
  rows(pk: string, prefix?: string): Promise<Item[]>;
  /** Checks again when an invocation has ended, and at intervals, until the test's timeout. */
  until(condition: () => Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

/** This repository's app, or that of another `cdk.json`, synthesized once for each test run. */
export async function synthesizedApp(folder?: string, context?: JsonObject): Promise<App> {
  const source = findApp(folder, ROOT);
  if (source.kind !== 'command') throw new Error('cdk.json names no command');
  const { synthesis } = source;
  const directory = await sharedSynthesis(JSON.stringify([folder, context]), async (outputDirectory) => {
    await synthesize({ ...synthesis, outputDirectory, context: { ...synthesis.context, ...context } });
  });
  return readAssembly(directory);
}

export async function startApp(options: AppOptions = {}): Promise<RunningApp> {
  const app = await synthesizedApp(options.app, options.context);
  let invocationEnded = () => {};
  const { functionLog = silentFunctionLog, faults, clock, incomingDirectory, webDirectory } = options;
  const runtime = await startRuntime({
    ...{ app, port: 0, log: options.log ?? silentLog, ...(faults && { faults }), ...(clock && { clock }) },
    ...(options.iam === false && { iam: false }),
    ...(options.timeScale !== undefined && { timeScale: options.timeScale }),
    ...(options.accountQuotas && { accountQuotas: options.accountQuotas }),
    ...(webDirectory && { webDirectory }),
    ...(options.services && { services: options.services }),
    ...(incomingDirectory && { bucketDirectories: incomingBucket(app, incomingDirectory) }),
    functionLog: {
      ...functionLog,
      end(invocation) {
        functionLog.end(invocation);
        invocationEnded();
      },
    },
  });
  const tableName = app.tables[0]?.tableName as string;
  const client = new DynamoDBClient({
    endpoint: runtime.url,
    region: app.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const tables = app.tables.map((one) => new DynamoDbTable(one.tableName, systemClock, client));
  const functionNames = app.functions.map(({ functionName }) => functionName);
  return {
    app,
    runtime,
    tableName,
    tableOf(service) {
      const { environment } = app.functions.find((one) => one.environment.SERVICE_NAME === service) ?? {};
      if (environment?.CONNECTION_TABLE) return environment.CONNECTION_TABLE;
      throw new Error(`The app has no service ${service}.`);
    },
    functions: app.functions,
    functionNames,
    serverFunction: functionNames.find((name) => name.includes('Server')) as string,
    exported: {
      PATH: process.env.PATH,
      ...awsExports(app, runtime),
      ...tableExports(app),
      ...bucketExports(app, runtime),
    },
    async rows(pk, prefix = '') {
      const found: Item[] = [];
      for (const table of tables) {
        for await (const page of pages(table, { pk, prefix })) found.push(...page);
      }
      return found;
    },
    async until(condition) {
      for (;;) {
        const ended = new Promise<void>((resolve) => {
          invocationEnded = resolve;
        });
        if (await condition()) return;
        await Promise.race([ended, wait(100)]);
      }
    },
    async stop() {
      client.destroy();
      await runtime.close();
    },
  };
}

function incomingBucket({ buckets }: App, directory: string): Record<string, string> {
  const heardOf = buckets.filter(({ notifications }) => notifications.length > 0);
  return Object.fromEntries(heardOf.map(({ bucketName }) => [bucketName, directory]));
}
