/** The fast environment: a worker thread, for Node.js functions. */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import type { Endpoints, Environment, EnvironmentOptions, Invocation, InvocationResult } from './environment';
import { environmentVariables, logNames } from './environment-variables';
import { exited, MAX_RESPONSE_BYTES, responseTooLarge } from './failure';
import type { InvocationOutcome } from './invocation';
import { signalGroup } from './process-group';
import { type Finish, RunningInvocation } from './running-invocation';
import { withSourcePaths } from './source-paths';

const BOOTSTRAP = join(__dirname, 'worker', 'bootstrap.cjs');

/** The indexes in the shared signal. */
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
  /** The thread ends, because of a signal or a lack of memory. */
  | { kind: 'exit'; how: string }
  /** The function has started a process group, or one has ended. */
  | { kind: 'children'; started?: number; gone?: number };

export class ThreadEnvironment implements Environment {
  readonly #options: EnvironmentOptions;
  readonly #worker: Worker;
  /** Shared with the thread: how many events were sent, and whether it sleeps (see worker/bootstrap.cjs). */
  readonly #signal = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  /** The endpoints that the thread has. */
  #endpoints: Endpoints;
  readonly #startedAt = performance.now();
  #ready = false;
  #running: RunningInvocation | undefined;
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
    const running = new RunningInvocation(invocation, {
      environment: this.#options,
      isLoading: !this.#ready,
      onTimeout: () => this.#onTimeout(),
    });
    this.#running = running;
    this.#worker.ref();
    this.#worker.postMessage({
      ...invocation,
      timeoutMillis: this.#options.lambdaFunction.timeoutSeconds * 1000,
      endpoints: this.#changedEndpoints(),
    });
    Atomics.add(this.#signal, SENT, 1);
    if (Atomics.load(this.#signal, ASLEEP) === 1) Atomics.notify(this.#signal, SENT);
    return running.result;
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

  /** Undefined if the thread already has them. Copying them for each event would cost more than the event itself. */
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
    const { requestId } = running;
    switch (report.kind) {
      case 'output':
        this.#options.onOutput(requestId, report.stream, report.text);
        break;
      case 'ready':
        this.#ready = true;
        running.handlerStarts(this.#startedAt);
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

  #onTimeout(): void {
    if (!this.#running) return;
    const result = this.#running.timeout();
    void this.end();
    this.#finish(result);
  }

  #workerOnExit(code: number): void {
    this.#ended = true;
    for (const group of this.#processGroups) signalGroup(group, 'SIGKILL');
    if (this.#running) {
      const outOfMemory = this.#crash?.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const status = code === 0 ? undefined : `exit status ${code}`;
      const how = this.#end ?? (outOfMemory ? 'signal: killed' : status);
      const outcome = exited(this.#running.requestId, how);
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

  #finish(result: Finish): void {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    this.#worker.unref();
    running.finish(result);
  }
}

/** 22 for `nodejs22.x`. */
function nodeMajor(runtime: string): number {
  return Number.parseInt(runtime.replace('nodejs', ''), 10);
}

/** V8's young generation has three semi-spaces. */
const SEMI_SPACES = 3;

/**
 * As on Lambda: nine tenths of the memory for old objects, and a twentieth for each semi-space of young ones.
 */
function resourceLimits(memoryMegabytes: number) {
  return {
    maxOldGenerationSizeMb: Math.floor(memoryMegabytes * 0.9),
    maxYoungGenerationSizeMb: SEMI_SPACES * Math.floor(memoryMegabytes * 0.05),
  };
}
