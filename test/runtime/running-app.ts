/** This repository's own app on a local runtime, for tests of the whole way from socket to table and back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findApp } from '../../local/assembly/app-source';
import { readAssembly } from '../../local/assembly/read-assembly';
import { synthesize } from '../../local/assembly/synthesis';
import { awsExports, tableExports } from '../../local/cli/exports';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';

const ROOT = join(__dirname, '../..');

export interface RunningApp {
  runtime: Runtime;
  tableName: string;
  functionNames: string[];
  /** What `npm start` prints to be exported. */
  exported: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

export async function startApp(): Promise<RunningApp> {
  const outputDirectory = mkdtempSync(join(tmpdir(), 'cdk-out-'));
  const source = findApp(undefined, ROOT);
  if (source.kind !== 'command') throw new Error('cdk.json names no command');
  await synthesize({ ...source.synthesis, outputDirectory });
  const app = readAssembly(outputDirectory);
  const runtime = await startRuntime({ app, port: 0, log: silentLog, functionLog: silentFunctionLog });
  const tableName = app.tables[0]?.tableName as string;
  return {
    runtime,
    tableName,
    functionNames: app.functions.map(({ functionName }) => functionName),
    exported: {
      PATH: process.env.PATH,
      ...awsExports(app, runtime),
      ...tableExports(app),
    },
    async stop() {
      await runtime.close();
      rmSync(outputDirectory, { recursive: true, force: true });
    },
  };
}
