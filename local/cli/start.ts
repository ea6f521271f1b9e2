/** The command `start`: an app's WebSocket APIs on this machine. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type AppSource, findApp } from '../assembly/app-source';
import { Fingerprint } from '../assembly/fingerprint';
import { readAssembly } from '../assembly/read-assembly';
import { synthesize } from '../assembly/synthesis';
import { readFaults } from '../faults/fault-settings';
import { Faults } from '../faults/faults';
import { namesForPeople } from '../function-names';
import { textFunctionLog } from '../lambda/function-log';
import { type Runtime, startRuntime } from '../runtime';
import { UserError } from '../user-error';
import { banner } from './banner';
import { runInUtc } from './local-time';
import { onStop } from './stop-signals';
import { TerminalLog } from './terminal-log';

export interface StartOptions {
  app?: string;
  port: number;
  host: string;
  dynamodb?: string;
  /** Where the embedded DynamoDB keeps its tables. */
  data?: string;
  web?: string;
  /** Synthesize, even if nothing has changed. */
  fresh: boolean;
  quiet: boolean;
  /** `lost-disconnect=0.5` and the like. */
  fault: string[];
  seed: number;
}

/** Resolves once the runtime is up, or was stopped before that. It then runs until Ctrl-C or SIGTERM. */
export async function start(options: StartOptions): Promise<void> {
  // The SDK's notice of which Node.js it supports is not about the user's app.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const faults = options.fault.length > 0 ? new Faults(readFaults(options.fault), options.seed) : undefined;
  if (options.data !== undefined && options.dynamodb !== undefined) {
    throw new UserError(
      `--data ${options.data} says where the embedded DynamoDB keeps its tables, and --dynamodb ${options.dynamodb} asks for another one. Give one of them.`,
    );
  }
  const starting = new AbortController();
  let runtime: Runtime | undefined;
  onStop(() => {
    starting.abort();
    if (runtime) void stop(runtime, faults);
  });
  const source = findApp(options.app, process.cwd());
  const directory = await assemblyOf(source, options.fresh, starting.signal);
  const app = readAssembly(directory);
  const webDirectory = findWeb(options.web, source);
  // Not before the app was synthesized: its own command runs in the person's time zone.
  const timeOfDay = runInUtc();
  const log = new TerminalLog();
  runtime = await startRuntime({
    app,
    port: options.port,
    host: options.host,
    log,
    functionLog: textFunctionLog(log, {
      nameOf: namesForPeople(app),
      timeOfDay,
      quiet: options.quiet,
    }),
    ...(options.dynamodb === undefined ? {} : { dynamodbUrl: options.dynamodb }),
    ...(options.data === undefined ? {} : { dynamodbDirectory: resolve(options.data) }),
    ...(webDirectory === undefined ? {} : { webDirectory }),
    ...(faults && { faults }),
  });
  if (starting.signal.aborted) return stop(runtime, faults);
  print(`${banner(app, runtime, webDirectory !== undefined)}\n`);
  if (app.tables.length > 0) print(`${whereTablesAre(options)}\n`);
  if (faults) print(`${faults.describe()}\n`);
  print(`Ready in ${(performance.now() / 1000).toFixed(1)} s`);
}

async function stop(runtime: Runtime, faults: Faults | undefined): Promise<void> {
  print('Stopping: closing sockets, running $disconnect');
  await runtime.close();
  if (faults) print(faults.summary());
  process.exit(0);
}

async function assemblyOf(source: AppSource, isFresh: boolean, signal: AbortSignal): Promise<string> {
  if (source.kind === 'assembly') return source.directory;
  const { command, outputDirectory } = source.synthesis;
  const fingerprint = Fingerprint.of(source.synthesis);
  const earlier = isFresh ? undefined : fingerprint.matching();
  if (earlier) {
    print(`Nothing has changed since the synthesis of ${outputDirectory} (--fresh does it again)`);
    print(`${earlier.printed}\n`.trimStart());
    return outputDirectory;
  }
  print(`Synthesizing: ${command}`);
  try {
    fingerprint.clear();
    const output = await synthesize({ ...source.synthesis, signal });
    fingerprint.record(output);
    if (output !== '') print(output);
  } catch (error) {
    if (signal.aborted) process.exit(0);
    throw error;
  }
  print('');
  return outputDirectory;
}

/** Pages are in the folder `web` of the app, unless another one is named. */
function findWeb(web: string | undefined, source: AppSource): string | undefined {
  if (web !== undefined) {
    const directory = resolve(web);
    if (existsSync(directory) && statSync(directory).isDirectory()) return directory;
    throw new UserError(`--web ${web}: there is no folder ${directory}.`);
  }
  const home = source.kind === 'assembly' ? source.workingDirectory : source.synthesis.workingDirectory;
  const directory = join(home, 'web');
  return existsSync(join(directory, 'index.html')) ? directory : undefined;
}

function whereTablesAre({ data, dynamodb }: StartOptions): string {
  if (dynamodb !== undefined) return `Tables are at ${dynamodb}`;
  if (data !== undefined) return `Tables are kept in ${resolve(data)}`;
  return 'Tables are in memory, and forgotten at the end (--data DIR keeps them)';
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
