/** A run of `start` or `dev`: reads and starts an app, applies later readings, restarts and stops. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { App } from '../assembly/model';
import { type AppSource, findApp } from '../assembly/synthesis/app-source';
import type { LocalHandler } from '../console/console-endpoint';
import { type KeySetFiles, readKeySets } from '../endpoint/key-sets';
import type { PageReload } from '../endpoint/page-reload';
import { readFaults } from '../faults/fault-settings';
import { Faults } from '../faults/faults';
import { type NameForPeople, namesForPeople } from '../function-names';
import { WIDE_SIZE_LIMITS } from '../gateway/quotas';
import { textFunctionLog } from '../lambda/function-log';
import type { Log } from '../log';
import { printableLines } from '../printable';
import { type Runtime, startRuntime } from '../runtime';
import { BucketFolders } from '../s3/bucket-folders';
import { UserError } from '../user-error';
import { AppReader } from './app-reader';
import { type Difference, differences } from './differences';
import { readContext, readParameters } from './given-parameters';
import { JsonLog, jsonFunctionLog } from './json-log';
import { runInUtc } from './local-time';
import { openHostWarning } from './open-host';
import { ProgressLine } from './progress-line';
import type { SessionOptions } from './session-options';
import { readyFacts, type StartFacts, startTexts } from './start-report';
import { releaseStartupMemory } from './startup-memory';
import { TerminalLog } from './terminal-log';

/** Parts that the command line does not set. */
export interface SessionParts {
  /** Reloads the pages in browsers. @default no reload */
  pageReload?: PageReload;
  /** The console's part for the library's services. @default none */
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
    const source = findApp(app, process.cwd(), readContext(options.context));
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

  /** Resolves once the runtime is up, or has been stopped. */
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
      : ' (nothing has changed since the last synthesis; --fresh synthesizes anyway)';
    const page = this.webDirectory === undefined ? undefined : this.#running?.runtime.url;
    const seconds = (performance.now() / 1000).toFixed(1);
    releaseStartupMemory();
    if (!this.#json) this.#print(`Ready in ${seconds} s${reuse}${page ? `: ${page}/` : ''}`);
  }

  /**
   * Reads the app from its current sources.
   * @throws {UserError} if the app has an error
   */
  read(): Promise<App> {
    return this.#reader.read();
  }

  /** The app that is running, if any. */
  get app(): App | undefined {
    return this.#running?.app;
  }

  /**
   * Applies a new reading of the app and keeps sockets open. Changes nothing if one of the returned differences needs a
   * restart.
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

  /** Closes every socket, and starts a new reading of the app on the same port. */
  async restart(app: App): Promise<void> {
    const { runtime } = this.#running ?? {};
    this.#running = undefined;
    await runtime?.close();
    await this.#launch(app, runtime?.port ?? this.#options.port);
  }

  /** False after a failed restart, too. */
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

  /** Prints text on the terminal, or logs it as a JSON line. */
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
    // After the synthesis, whose output uses the user's own time zone.
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
    if (this.#json) this.#json.line('info', 'ready', readyFacts(app, runtime, iam));
    else for (const text of startTexts(app, runtime, this.#options, this.#startFacts)) this.#print(text);
  }

  get #startFacts(): StartFacts {
    return { hasPages: this.webDirectory !== undefined, faults: this.#faults };
  }
}

/** The folder with the pages: the app's `web`, unless the user chose another. */
function findWeb(web: string | undefined, source: AppSource): string | undefined {
  if (web !== undefined) {
    const directory = resolve(web);
    if (existsSync(directory) && statSync(directory).isDirectory()) return directory;
    throw new UserError(`--web ${web}: the folder ${directory} does not exist.`);
  }
  const directory = join(homeOf(source), 'web');
  return existsSync(join(directory, 'index.html')) ? directory : undefined;
}

function homeOf(source: AppSource): string {
  return source.kind === 'assembly' ? source.workingDirectory : source.synthesis.workingDirectory;
}

function print(text: string): void {
  process.stdout.write(`${printableLines(text)}\n`);
}
