/** One run of the command line: reads and starts an app, and on demand applies another reading or restarts. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lossLines } from '../assembly/losses';
import type { App } from '../assembly/model';
import { type AppSource, findApp } from '../assembly/synthesis/app-source';
import type { LocalHandler } from '../console/console-endpoint';
import { type KeySetFiles, readKeySets } from '../endpoint/key-sets';
import type { PageReload } from '../endpoint/page-reload';
import { readFaults } from '../faults/fault-settings';
import { Faults } from '../faults/faults';
import { type NameForPeople, namesForPeople } from '../function-names';
import { type AccountQuotas, WIDE_SIZE_LIMITS } from '../gateway/quotas';
import type { Isolation } from '../lambda/environment';
import { textFunctionLog } from '../lambda/function-log';
import type { Log } from '../log';
import { printableLines } from '../printable';
import { type Runtime, startRuntime } from '../runtime';
import { BucketFolders } from '../s3/bucket-folders';
import { UserError } from '../user-error';
import { AppReader } from './app-reader';
import { banner, consoleUrl } from './banner';
import { type Difference, differences } from './differences';
import { awsExports, bucketExports, tableExports } from './exports';
import { readParameters } from './given-parameters';
import { JsonLog, jsonFunctionLog } from './json-log';
import { runInUtc } from './local-time';
import { openHostWarning } from './open-host';
import { ProgressLine } from './progress-line';
import { releaseStartupMemory } from './startup-memory';
import { TerminalLog } from './terminal-log';

export interface SessionOptions {
  app?: string;
  /** Names of the stacks to run; empty for all. */
  stack: string[];
  region?: string;
  port: number;
  host: string;
  /** Other host names of this machine. */
  allowHost: string[];
  dynamodb?: string;
  /** Where the built-in DynamoDB keeps its tables. */
  data?: string;
  /** `NAME=DIR`: folders that stand for buckets. */
  bucket: string[];
  web?: string;
  /** Synthesize even if nothing has changed. */
  fresh: boolean;
  /** `NAME=VALUE`: values that only AWS knows. */
  parameter: string[];
  /** A file with environment variables of functions. */
  envVars?: string;
  /** `URL=FILE`: key sets of JWT issuers. */
  jwks: string[];
  /** Where Node.js functions run. */
  isolation: Isolation;
  /** Whether signatures and the policies of roles decide who may do what. */
  iam: boolean;
  /** Whether to enforce AWS's limits for frames and messages. */
  limits: boolean;
  /** AWS's default quotas of an account, or those that AWS has raised. */
  quota: AccountQuotas;
  /** Refuse an app if one of its parts cannot be run. */
  strict: boolean;
  quiet: boolean;
  verbose: boolean;
  /** One JSON object a line, for programs. */
  json: boolean;
  /** `lost-disconnect=0.5` and the like. */
  fault: string[];
  seed: number;
  /** How many times as fast limits, retries, schedules and expiry pass. */
  timeScale: number;
}

/** What a run has beyond its options. */
export interface SessionParts {
  /** Reloads the pages in browsers. @default no reload */
  pageReload?: PageReload;
  /** What the console knows of the services of a library. @default nothing */
  services?: (url: () => string) => LocalHandler;
}

export class Session {
  readonly source: AppSource;
  readonly webDirectory: string | undefined;
  readonly #options: SessionOptions;
  readonly #bucketFolders: BucketFolders;
  readonly #faults: Faults;
  readonly #keySets: KeySetFiles;
  readonly #starting = new AbortController();
  readonly #json: JsonLog | undefined;
  readonly #log: Log;
  readonly #progress = new ProgressLine();
  readonly #reader: AppReader;
  readonly #parts: SessionParts;
  #nameOf: NameForPeople = (functionName) => functionName;
  #timeOfDay: ((at: number) => string) | undefined;
  #running: { app: App; runtime: Runtime } | undefined;

  /**
   * @throws {UserError} if the options do not fit together, or there is no app
   */
  constructor(options: SessionOptions, parts: SessionParts = {}) {
    // The SDK's warning about Node.js versions does not concern the user's app.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
    const { fault, seed, data, dynamodb, bucket, app, web } = options;
    if (data !== undefined && dynamodb !== undefined) {
      throw new UserError(
        `--data ${data} is for the built-in DynamoDB, but --dynamodb ${dynamodb} selects another one. Use only one of these options.`,
      );
    }
    this.#options = options;
    this.#json = options.json ? new JsonLog() : undefined;
    this.#log = this.#json ?? new TerminalLog();
    this.#keySets = readKeySets(options.jwks);
    this.#faults = new Faults(readFaults(fault), seed, this.#log);
    const source = findApp(app, process.cwd());
    // The app's command runs in the user's own time zone, even when this process runs in UTC.
    if (source.kind === 'command') {
      const region = options.region === undefined ? {} : { CDK_DEFAULT_REGION: options.region };
      source.synthesis.environment = { ...process.env, ...region };
    }
    this.source = source;
    this.#bucketFolders = new BucketFolders(bucket, homeOf(source));
    if (source.kind === 'command') source.synthesis.dataDirectories = this.#bucketFolders.directories;
    this.#reader = new AppReader({
      source,
      settings: {
        isStrict: options.strict,
        stacks: options.stack,
        ...(options.region === undefined ? {} : { region: options.region }),
        parameters: readParameters(options.parameter),
        ...(options.envVars === undefined ? {} : { environmentFile: resolve(options.envVars) }),
      },
      print: (text) => this.say(text),
      signal: this.#starting.signal,
    });
    this.#parts = parts;
    this.webDirectory = findWeb(web, source);
  }

  /** Resolves once the runtime is up, or was stopped before that. */
  async open(): Promise<void> {
    let isSynthesized = this.source.kind === 'assembly';
    const read = this.#reader.read({
      isFresh: this.#options.fresh,
      onSynthesis: (command) => {
        isSynthesized = true;
        if (this.#json) this.#json.info(`Synthesizing: ${command}`);
        else this.#progress.show(`Synthesizing: ${printableLines(command)}`);
      },
    });
    try {
      const app = await read.catch((error: unknown) => {
        if (this.isStopping) process.exit(0);
        throw error;
      });
      await this.#launch(app, this.#options.port);
    } finally {
      this.#progress.clear();
    }
    const reuse = isSynthesized
      ? ''
      : ' (nothing has changed since the last synthesis; --fresh synthesizes again)';
    const page = this.webDirectory === undefined ? undefined : this.#running?.runtime.url;
    const seconds = (performance.now() / 1000).toFixed(1);
    releaseStartupMemory();
    if (!this.#json) this.#print(`Ready in ${seconds} s${reuse}${page ? `: ${page}/` : ''}`);
  }

  /**
   * The app from its current sources.
   * @throws {UserError} if it has an error
   */
  read(): Promise<App> {
    return this.#reader.read();
  }

  /** The app that is running, if any. */
  get app(): App | undefined {
    return this.#running?.app;
  }

  /**
   * Applies this reading of the app and keeps the sockets open. If something needs a restart, returns what, and
   * changes nothing.
   * @throws {UserError} if a part cannot be run
   */
  async update(app: App): Promise<Difference[]> {
    if (!this.#running) return [];
    const { app: earlier, runtime } = this.#running;
    const found = differences(earlier, app);
    if (found.some(({ kind }) => kind === 'needs restart')) return found;
    if (found.length > 0) await runtime.update(app);
    this.#running = { app, runtime };
    this.#nameOf = namesForPeople(app);
    return found;
  }

  /** Closes every socket, and starts this reading of the app on the same port. */
  async restart(app: App): Promise<void> {
    const { runtime } = this.#running ?? {};
    this.#running = undefined;
    await runtime?.close();
    await this.#launch(app, runtime?.port ?? this.#options.port);
  }

  /** Also false after a restart that failed. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get isStopping(): boolean {
    return this.#starting.signal.aborted;
  }

  /** Ends the run and the process. */
  async stop(): Promise<void> {
    this.#starting.abort();
    if (!this.#running) return;
    this.say('Stopping: closing sockets, running $disconnect');
    await this.#running.runtime.close();
    if (this.#faults.list().length > 0) this.say(this.#faults.summary());
    process.exit(0);
  }

  /** Text on a terminal, or a message among the JSON lines. */
  say(text: string): void {
    if (!this.#json) this.#print(text);
    else if (text.trim() !== '') this.#json.info(text.trim());
  }

  complain(text: string): void {
    this.#log.error(text);
  }

  #print(text: string): void {
    this.#progress.clear();
    print(text);
  }

  async #launch(app: App, port: number): Promise<void> {
    const { host, quiet, verbose, dynamodb, data, isolation, iam } = this.#options;
    // Not before the synthesis, whose output uses the user's own time zone.
    this.#timeOfDay ??= runInUtc();
    this.#nameOf = namesForPeople(app);
    const nameOf = (functionName: string) => this.#nameOf(functionName);
    const runtime = await startRuntime({
      ...{ app, port, host, allowedHosts: this.#options.allowHost, log: this.#log, isolation, iam },
      functionLog: this.#json
        ? jsonFunctionLog(this.#json, { nameOf, quiet, verbose })
        : textFunctionLog(this.#log, { nameOf, timeOfDay: this.#timeOfDay, quiet, verbose }),
      ...(dynamodb === undefined ? {} : { dynamodbUrl: dynamodb }),
      ...(data === undefined ? {} : { dynamodbDirectory: resolve(data) }),
      timeScale: this.#options.timeScale,
      keySets: this.#keySets,
      bucketDirectories: this.#bucketFolders.choose(app.buckets),
      ...(this.webDirectory === undefined ? {} : { webDirectory: this.webDirectory }),
      ...this.#parts,
      faults: this.#faults,
      ...(!this.#options.limits && { sizeLimits: WIDE_SIZE_LIMITS }),
      accountQuotas: this.#options.quota,
    });
    this.#running = { app, runtime };
    if (this.isStopping) return this.stop();
    const warning = openHostWarning(host);
    if (warning !== undefined) this.#log.warn(warning);
    if (this.#json) {
      const urls = app.apis.flatMap(({ apiId, stages }) =>
        stages.map(({ stageName }) => runtime.webSocketUrl(stageName, apiId)),
      );
      this.#json.line('info', 'ready', {
        url: runtime.url,
        console: consoleUrl(runtime),
        iam,
        webSockets: urls,
        notRun: lossLines(app.notRun).map((line) => line.trim()),
        exports: { ...awsExports(app, runtime), ...tableExports(app), ...bucketExports(app, runtime) },
      });
      return;
    }
    const hasPages = this.webDirectory !== undefined;
    this.#print(banner(app, runtime, { hasPages, isVerbose: verbose }));
    if (app.tables.length > 0) print(whereTablesAre(this.#options));
    if (!iam) print(IAM_IS_OFF);
    if (!this.#options.limits) {
      print("AWS's limits of frames and messages are off (--no-limits): what works here may fail on AWS");
    }
    if (this.#faults.list().length > 0) print(this.#faults.describe());
    const { timeScale } = this.#options;
    if (timeScale > 1) print(`Time passes ${timeScale} times as fast, except for functions`);
  }
}

const IAM_IS_OFF =
  'IAM is off (--no-iam): signatures are not verified and functions may do everything; what works here may fail on AWS';

/** Pages are in the app's folder `web`, unless the user chose another. */
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
  if (dynamodb !== undefined) return `Tables are in ${dynamodb}`;
  if (data !== undefined) return `Tables are kept in ${resolve(data)}`;
  return 'Tables are in memory and are lost when the runtime stops; keep them with --data DIR';
}

function print(text: string): void {
  process.stdout.write(`${printableLines(text)}\n`);
}
