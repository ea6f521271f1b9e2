/** One run of the command line: an app is synthesized and started, and on demand looked at again or started anew. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type AppSource, findApp } from '../assembly/app-source';
import { Fingerprint } from '../assembly/fingerprint';
import type { App } from '../assembly/model';
import { readAssembly } from '../assembly/read-assembly';
import { synthesize } from '../assembly/synthesis';
import { readFaults } from '../faults/fault-settings';
import { Faults } from '../faults/faults';
import { namesForPeople } from '../function-names';
import { textFunctionLog } from '../lambda/function-log';
import type { Log } from '../log';
import { type Runtime, startRuntime } from '../runtime';
import { BucketFolders } from '../s3/bucket-folders';
import { UserError } from '../user-error';
import { banner } from './banner';
import { awsExports, bucketExports, tableExports } from './exports';
import { JsonLog, jsonFunctionLog } from './json-log';
import { runInUtc } from './local-time';
import { TerminalLog } from './terminal-log';

export interface SessionOptions {
  app?: string;
  port: number;
  host: string;
  dynamodb?: string;
  /** Where the embedded DynamoDB keeps its tables. */
  data?: string;
  /** `NAME=DIR`: folders that stand for buckets. */
  bucket: string[];
  web?: string;
  /** Synthesize, even if nothing has changed. */
  fresh: boolean;
  quiet: boolean;
  verbose: boolean;
  /** One JSON object a line, for programs. */
  json: boolean;
  /** `lost-disconnect=0.5` and the like. */
  fault: string[];
  seed: number;
}

/** What came of looking at the app again. */
export type Update = 'same' | 'replaced' | 'needs restart';

export class Session {
  readonly source: AppSource;
  readonly webDirectory: string | undefined;
  readonly #options: SessionOptions;
  readonly #bucketFolders: BucketFolders;
  readonly #faults: Faults | undefined;
  readonly #starting = new AbortController();
  readonly #json: JsonLog | undefined;
  readonly #log: Log;
  #timeOfDay: ((at: number) => string) | undefined;
  #running: { app: App; runtime: Runtime } | undefined;

  /** @throws {UserError} if the options do not fit together, or there is no app. */
  constructor(options: SessionOptions) {
    // The SDK's notice of which Node.js it supports is not about the user's app.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
    const { fault, seed, data, dynamodb, bucket, app, web } = options;
    if (data !== undefined && dynamodb !== undefined) {
      throw new UserError(
        `--data ${data} says where the embedded DynamoDB keeps its tables, and --dynamodb ${dynamodb} asks for another one. Give one of them.`,
      );
    }
    this.#options = options;
    this.#json = options.json ? new JsonLog() : undefined;
    this.#log = this.#json ?? new TerminalLog();
    this.#faults = fault.length > 0 ? new Faults(readFaults(fault), seed) : undefined;
    const source = findApp(app, process.cwd());
    // Its command runs in the person's own time zone, also once this process runs in UTC.
    if (source.kind === 'command') source.synthesis.environment = { ...process.env };
    this.source = source;
    this.#bucketFolders = new BucketFolders(bucket, homeOf(source));
    if (source.kind === 'command') source.synthesis.dataDirectories = this.#bucketFolders.directories;
    this.webDirectory = findWeb(web, source);
  }

  /** Resolves once the runtime is up, or was stopped before that. */
  async open(): Promise<void> {
    const app = readAssembly(await this.#assembly(this.#options.fresh));
    await this.#launch(app, this.#options.port);
    if (!this.#json) print(`Ready in ${(performance.now() / 1000).toFixed(1)} s`);
  }

  /**
   * Synthesizes the app, and takes its functions for all events to come; sockets stay open. Anything else in the app waits
   * for a restart, and so do the functions then, which may need it.
   * @throws {UserError} if the app has a mistake; all stays as it was.
   */
  async update(): Promise<Update> {
    const app = readAssembly(await this.#assembly(false, () => {}));
    if (!this.#running) return 'same';
    const { app: earlier, runtime } = this.#running;
    if (shapeOf(app) !== shapeOf(earlier)) return 'needs restart';
    if (JSON.stringify(app.functions) === JSON.stringify(earlier.functions)) return 'same';
    runtime.functions.replace(app.functions);
    this.#running = { app, runtime };
    return 'replaced';
  }

  /** Closes every socket, and starts the app as it is now, on the same port. */
  async restart(): Promise<void> {
    const app = readAssembly(await this.#assembly(false));
    const { runtime } = this.#running ?? {};
    this.#running = undefined;
    await runtime?.close();
    await this.#launch(app, runtime?.port ?? this.#options.port);
  }

  /** False also after a restart that failed. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get isStopping(): boolean {
    return this.#starting.signal.aborted;
  }

  /** Ends the run, and the process. */
  async stop(): Promise<void> {
    this.#starting.abort();
    if (!this.#running) return;
    this.say('Stopping: closing sockets, running $disconnect');
    await this.#running.runtime.close();
    if (this.#faults) this.say(this.#faults.summary());
    process.exit(0);
  }

  /** For the person at the terminal, or as a message among the lines for programs. */
  say(text: string): void {
    if (!this.#json) print(text);
    else if (text.trim() !== '') this.#json.info(text.trim());
  }

  complain(text: string): void {
    this.#log.error(text);
  }

  async #launch(app: App, port: number): Promise<void> {
    const { host, quiet, verbose, dynamodb, data } = this.#options;
    // Not before the app was synthesized: what it prints is in the person's own time.
    this.#timeOfDay ??= runInUtc();
    const runtime = await startRuntime({
      ...{ app, port, host, log: this.#log },
      functionLog: this.#json
        ? jsonFunctionLog(this.#json, { nameOf: namesForPeople(app), quiet, verbose })
        : textFunctionLog(this.#log, {
            ...{ nameOf: namesForPeople(app), timeOfDay: this.#timeOfDay, quiet, verbose },
          }),
      ...(dynamodb === undefined ? {} : { dynamodbUrl: dynamodb }),
      ...(data === undefined ? {} : { dynamodbDirectory: resolve(data) }),
      bucketDirectories: this.#bucketFolders.choose(app.buckets),
      ...(this.webDirectory === undefined ? {} : { webDirectory: this.webDirectory }),
      ...(this.#faults && { faults: this.#faults }),
    });
    this.#running = { app, runtime };
    if (this.isStopping) return this.stop();
    if (this.#json) {
      const urls = app.apis.flatMap(({ apiId, stages }) =>
        stages.map(({ stageName }) => runtime.webSocketUrl(stageName, apiId)),
      );
      this.#json.line('info', 'ready', {
        url: runtime.url,
        webSockets: urls,
        exports: { ...awsExports(app, runtime), ...tableExports(app), ...bucketExports(app, runtime) },
      });
      return;
    }
    print(`${banner(app, runtime, this.webDirectory !== undefined)}\n`);
    if (app.tables.length > 0) print(`${whereTablesAre(this.#options)}\n`);
    if (this.#faults) print(`${this.#faults.describe()}\n`);
  }

  /** The folder of the assembly, synthesized if that is needed. */
  async #assembly(isFresh: boolean, say = (text: string) => this.say(text)): Promise<string> {
    if (this.source.kind === 'assembly') return this.source.directory;
    const { synthesis } = this.source;
    const { command, outputDirectory } = synthesis;
    const fingerprint = Fingerprint.of(synthesis);
    const earlier = isFresh ? undefined : fingerprint.matching();
    if (earlier) {
      say(`Nothing has changed since the synthesis of ${outputDirectory} (--fresh does it again)`);
      say(`${earlier.printed}\n`.trimStart());
      return outputDirectory;
    }
    say(`Synthesizing: ${command}`);
    try {
      fingerprint.clear();
      const output = await synthesize({ ...synthesis, signal: this.#starting.signal });
      fingerprint.record(output);
      if (output !== '') this.say(output);
    } catch (error) {
      if (this.isStopping && !this.#running) process.exit(0);
      throw error;
    }
    say('');
    return outputDirectory;
  }
}

/** All that a running gateway, its tables, its buckets and its schedules are made of. */
function shapeOf({ region, accountId, apis, tables, schedules, buckets, functions }: App): string {
  const names = functions.map(({ functionName }) => functionName);
  return JSON.stringify([region, accountId, apis, tables, schedules, buckets, names]);
}

/** Pages are in the folder `web` of the app, unless another one is named. */
function findWeb(web: string | undefined, source: AppSource): string | undefined {
  if (web !== undefined) {
    const directory = resolve(web);
    if (existsSync(directory) && statSync(directory).isDirectory()) return directory;
    throw new UserError(`--web ${web}: there is no folder ${directory}.`);
  }
  const directory = join(homeOf(source), 'web');
  return existsSync(join(directory, 'index.html')) ? directory : undefined;
}

function homeOf(source: AppSource): string {
  return source.kind === 'assembly' ? source.workingDirectory : source.synthesis.workingDirectory;
}

function whereTablesAre({ data, dynamodb }: SessionOptions): string {
  if (dynamodb !== undefined) return `Tables are at ${dynamodb}`;
  if (data !== undefined) return `Tables are kept in ${resolve(data)}`;
  return 'Tables are in memory, and forgotten at the end (--data DIR keeps them)';
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
