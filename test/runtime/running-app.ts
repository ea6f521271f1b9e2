/** This repository's own app on a local runtime, for tests of the whole way from socket to table and back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findApp } from '../../local/assembly/app-source';
import type { LambdaFunction } from '../../local/assembly/model';
import { readAssembly } from '../../local/assembly/read-assembly';
import { synthesize } from '../../local/assembly/synthesis';
import { awsExports, tableExports } from '../../local/cli/exports';
import type { Clock } from '../../local/clock';
import type { Faults } from '../../local/faults/faults';
import { type FunctionLog, silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';

const ROOT = join(__dirname, '../..');

export interface AppOptions {
  /** What goes wrong on purpose. @default nothing */
  faults?: Faults;
  /** The gateway's and the function host's; functions keep their own. @default the system's */
  clock?: Clock;
  /** @default silence */
  functionLog?: FunctionLog;
}

export interface RunningApp {
  runtime: Runtime;
  tableName: string;
  functions: LambdaFunction[];
  functionNames: string[];
  /** The function that runs `server()`, settles and sweeps. */
  serverFunction: string;
  /** What `npm start` prints to be exported. */
  exported: NodeJS.ProcessEnv;
  /** Looks anew when an invocation has ended, and now and then. The test's own time limit ends a wait in vain. */
  until(condition: () => Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

export async function startApp(options: AppOptions = {}): Promise<RunningApp> {
  const outputDirectory = mkdtempSync(join(tmpdir(), 'cdk-out-'));
  const source = findApp(undefined, ROOT);
  if (source.kind !== 'command') throw new Error('cdk.json names no command');
  await synthesize({ ...source.synthesis, outputDirectory });
  const app = readAssembly(outputDirectory);
  let invocationEnded = () => {};
  const { functionLog = silentFunctionLog, ...others } = options;
  const runtime = await startRuntime({
    ...{ app, port: 0, log: silentLog, ...others },
    functionLog: {
      ...functionLog,
      end(invocation) {
        functionLog.end(invocation);
        invocationEnded();
      },
    },
  });
  const functionNames = app.functions.map(({ functionName }) => functionName);
  return {
    runtime,
    tableName: app.tables[0]?.tableName as string,
    functions: app.functions,
    functionNames,
    serverFunction: functionNames.find((name) => name.includes('Server')) as string,
    exported: {
      PATH: process.env.PATH,
      ...awsExports(app, runtime),
      ...tableExports(app),
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
      await runtime.close();
      rmSync(outputDirectory, { recursive: true, force: true });
    },
  };
}
