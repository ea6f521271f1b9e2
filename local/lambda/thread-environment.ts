/** The fast environment: a worker thread, for Node.js functions. */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import type { Alarm } from '../clock';
import {
  type Endpoints,
  type Environment,
  type EnvironmentOptions,
  INIT_SECONDS,
  type Invocation,
  type InvocationResult,
} from './environment';
import { environmentVariables, logNames } from './environment-variables';
import { exited, MAX_RESPONSE_BYTES, responseTooLarge, timedOut } from './failure';
import type { InvocationOutcome } from './invocation';
import { withSourcePaths } from './source-paths';

const BOOTSTRAP = join(__dirname, 'worker', 'bootstrap.cjs');

/** The meaning of the words in the shared signal. */
const SENT = 0;
const ASLEEP = 1;

interface ErrorRecord {
  errorType: string;
  errorMessage: string;
  trace: string[];
}

/** Messages from the thread (see worker/bootstrap.cjs). */
type Report =
  | { kind: 'output'; stream: 'stdout' | 'stderr'; text: string }
  | { kind: 'ready' }
  | { kind: 'answer'; payload: string; leftovers: Record<string, number> }
  | { kind: 'error'; record: ErrorRecord; detail: string; leftovers: Record<string, number> }
  | { kind: 'fatal'; record: ErrorRecord; detail: string }
  /** It ends now, because of a signal or a lack of memory. */
  | { kind: 'exit'; how: string }
  /** Process groups that the function has started. */
  | { kind: 'children'; started?: number; gone?: number };

interface Running {
  invocation: Invocation;
  since: number;
  initMillis?: number;
  alarm: Alarm;
  resolve(result: InvocationResult): void;
}

export class ThreadEnvironment implements Environment {
  readonly #options: EnvironmentOptions;
  readonly #worker: Worker;
  /** How many events were sent, and whether the thread has gone to sleep without one (see worker/bootstrap.cjs). */
  readonly #signal = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  /** Those that the thread knows. */
  #endpoints: Endpoints;
  readonly #startedAt = performance.now();
  #ready = false;
  #running: Running | undefined;
  #crash: NodeJS.ErrnoException | undefined;
  #end: string | undefined;
  readonly #processGroups = new Set<number>();
  #ended = false;

  /** Starts the thread. It loads the handler while the first invocation waits. */
  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#endpoints = options.endpoints();
    this.#worker = this.#startWorker();
    this.#worker.on('message', (report: Report) => this.#workerOnMessage(report));
    this.#worker.on('error', (error) => {
      this.#crash = error;
    });
    this.#worker.on('exit', (code) => this.#workerOnExit(code));
    this.#worker.unref();
  }

  get isUsable(): boolean {
    return !this.#ended;
  }

  get isLoading(): boolean {
    return !this.#ready && !this.#ended;
  }

  run(invocation: Invocation): Promise<InvocationResult> {
    const { lambdaFunction } = this.#options;
    return new Promise((resolve) => {
      const timeoutSeconds = lambdaFunction.timeoutSeconds + (this.#ready ? 0 : INIT_SECONDS);
      const alarm = this.#timeoutAfter(timeoutSeconds);
      this.#running = { invocation, since: performance.now(), alarm, resolve };
      this.#worker.ref();
      this.#worker.postMessage({
        ...invocation,
        timeoutMillis: lambdaFunction.timeoutSeconds * 1000,
        endpoints: this.#changedEndpoints(),
      });
      Atomics.add(this.#signal, SENT, 1);
      if (Atomics.load(this.#signal, ASLEEP) === 1) Atomics.notify(this.#signal, SENT);
    });
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
  }

  #startWorker(): Worker {
    const { lambdaFunction, version, region, credentials } = this.#options;
    const settings = { region, version, ...logNames(lambdaFunction, version, this.#options.clock.now()) };
    const { NODE_OPTIONS, ...env } = environmentVariables(lambdaFunction, { ...settings, credentials });
    return new Worker(BOOTSTRAP, {
      env,
      execArgv: [],
      argv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      name: lambdaFunction.functionName,
      resourceLimits: resourceLimits(lambdaFunction.memoryMegabytes),
      workerData: {
        signal: this.#signal.buffer,
        taskRoot: lambdaFunction.codeDirectory,
        layerRoot: lambdaFunction.layers?.[0],
        handlerName: lambdaFunction.handler,
        nodeOptions: NODE_OPTIONS,
        nodeMajor: nodeMajor(lambdaFunction.runtime),
        memoryBytes: lambdaFunction.memoryMegabytes * 1024 * 1024,
        endpoints: this.#endpoints,
        functionContext: {
          functionName: lambdaFunction.functionName,
          functionVersion: version,
          invokedFunctionArn: lambdaFunction.functionArn,
          memoryLimitInMB: String(lambdaFunction.memoryMegabytes),
          logGroupName: settings.logGroupName,
          logStreamName: settings.logStreamName,
          identity: undefined,
        },
      },
    });
  }

  /** Undefined if the thread already knows them, because copying them would cost each event more than its own text. */
  #changedEndpoints(): Endpoints | undefined {
    const now = this.#options.endpoints();
    const { endpoint, services } = this.#endpoints;
    const isKnown = now.endpoint.host === endpoint.host && now.endpoint.port === endpoint.port;
    if (isKnown && now.services === services) return undefined;
    this.#endpoints = now;
    return now;
  }

  #workerOnMessage(report: Report): void {
    if (report.kind === 'exit') this.#end = report.how;
    if (report.kind === 'children') {
      if (report.started !== undefined) this.#processGroups.add(report.started);
      if (report.gone !== undefined) this.#processGroups.delete(report.gone);
    }
    const running = this.#running;
    if (!running) return;
    const { requestId } = running.invocation;
    switch (report.kind) {
      case 'output':
        this.#options.onOutput(requestId, report.stream, report.text);
        break;
      case 'ready':
        this.#handlerStarts(running);
        break;
      case 'answer': {
        const tooLarge = Buffer.byteLength(report.payload) > MAX_RESPONSE_BYTES;
        const outcome: InvocationOutcome = tooLarge
          ? responseTooLarge(requestId)
          : { kind: 'success', requestId, payload: report.payload };
        this.#finish({ outcome, leftovers: report.leftovers });
        break;
      }
      case 'error':
        this.#finish({ ...this.#failed(requestId, report), leftovers: report.leftovers });
        break;
      case 'fatal':
        this.#ended = true;
        this.#finish(this.#failed(requestId, report));
        break;
    }
  }

  #handlerStarts(running: Running): void {
    this.#ready = true;
    running.alarm.cancel();
    running.alarm = this.#timeoutAfter(this.#options.lambdaFunction.timeoutSeconds);
    running.since = performance.now();
    running.initMillis = running.since - this.#startedAt;
  }

  #timeoutAfter(seconds: number): Alarm {
    return this.#options.clock.after(seconds * 1000, () => this.#onTimeout());
  }

  #onTimeout(): void {
    const { clock, lambdaFunction } = this.#options;
    if (!this.#running) return;
    const { requestId } = this.#running.invocation;
    const outcome = timedOut(requestId, lambdaFunction.timeoutSeconds);
    const seconds = lambdaFunction.timeoutSeconds.toFixed(2);
    const detail = `${new Date(clock.now()).toISOString()} ${requestId} Task timed out after ${seconds} seconds`;
    void this.end();
    this.#finish({ outcome, detail, durationMillis: lambdaFunction.timeoutSeconds * 1000 });
  }

  #workerOnExit(code: number): void {
    this.#ended = true;
    for (const group of this.#processGroups) endGroup(group);
    if (this.#running) {
      const outOfMemory = this.#crash?.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const status = code === 0 ? undefined : `exit status ${code}`;
      const how = this.#end ?? (outOfMemory ? 'signal: killed' : status);
      const outcome = exited(this.#running.invocation.requestId, how);
      const cause = this.#crash && (this.#crash.stack ?? String(this.#crash));
      const detail =
        cause === undefined ? outcome.errorMessage : this.#readable(`${outcome.errorMessage}\n${cause}`);
      this.#finish({ outcome, detail });
    }
    this.#options.onExit();
  }

  #failed(requestId: string, { record, detail }: { record: ErrorRecord; detail: string }) {
    const { errorType, errorMessage } = record;
    const payload = JSON.stringify(record);
    const outcome = { kind: 'failure', requestId, errorType, errorMessage, payload } as const;
    return { outcome, detail: this.#readable(detail) };
  }

  #readable(detail: string): string {
    return withSourcePaths(detail, this.#options.lambdaFunction.codeDirectory);
  }

  #finish(result: Partial<InvocationResult> & { outcome: InvocationOutcome }): void {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    running.alarm.cancel();
    this.#worker.unref();
    const durationMillis = performance.now() - running.since;
    const { initMillis } = running;
    running.resolve({
      durationMillis,
      leftovers: {},
      ...(initMillis === undefined ? {} : { initMillis }),
      ...result,
    });
  }
}

/** The processes that a function has started end with its environment. */
export function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** 22 for `nodejs22.x`. */
function nodeMajor(runtime: string): number {
  return Number.parseInt(runtime.replace('nodejs', ''), 10);
}

/** The size of a young generation: V8 uses three semi-spaces for it. */
const SEMI_SPACES = 3;

/**
 * As Lambda starts Node.js: nine tenths of the memory for old objects, a twentieth for each semi-space of young ones.
 */
function resourceLimits(memoryMegabytes: number) {
  return {
    maxOldGenerationSizeMb: Math.floor(memoryMegabytes * 0.9),
    maxYoungGenerationSizeMb: SEMI_SPACES * Math.floor(memoryMegabytes * 0.05),
  };
}
