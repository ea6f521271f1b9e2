/** The fast environment: a worker thread, for Node.js functions. */
import { performance } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import { exited, MAX_RESPONSE_BYTES, responseTooLarge } from '../failure';
import type { InvocationOutcome } from '../invocation';
import { withSourcePaths } from '../source-paths';
import type { Endpoints, Environment, EnvironmentOptions, Invocation, InvocationResult } from './environment';
import { EventLine } from './event-line';
import { signalGroup } from './process-group';
import { type Finish, RunningInvocation } from './running-invocation';
import { startThread } from './thread-start';

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
  readonly #line = new EventLine();
  /** The endpoints that the thread has. */
  #endpoints: Endpoints;
  readonly #startedAt = performance.now();
  #ready = false;
  #running: RunningInvocation | undefined;
  /** Begins the invocation that the thread runs right after the current one. */
  #beginNext: (() => void) | undefined;
  /** Whether an invocation was taken back during the current one. */
  #tookBack = false;
  #crash: NodeJS.ErrnoException | undefined;
  #end: string | undefined;
  readonly #processGroups = new Set<number>();
  #ended = false;

  /** Starts the thread. It loads the handler while the first invocation waits. */
  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#endpoints = options.endpoints();
    this.#worker = startThread(options, this.#line, this.#endpoints);
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
    this.#worker.ref();
    this.#send(invocation);
    return this.#begin(invocation);
  }

  /** After one was taken back, no other one follows, because a thread that runs for long would collect them. */
  get canRunNext(): boolean {
    const isBusy = this.#running !== undefined && this.#ready && !this.#ended;
    return isBusy && !this.#beginNext && !this.#tookBack && this.#line.isEmpty;
  }

  runNext(invocation: Invocation, onBegin: () => void): Promise<InvocationResult> {
    this.#send(invocation);
    return new Promise((resolve) => {
      this.#beginNext = () => {
        onBegin();
        void this.#begin(invocation).then(resolve);
      };
    });
  }

  takeBackNext(): boolean {
    if (!this.#beginNext || !this.#line.takeBack()) return false;
    this.#beginNext = undefined;
    this.#tookBack = true;
    return true;
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
  }

  #send(invocation: Invocation): void {
    const timeoutMillis = this.#options.lambdaFunction.timeoutSeconds * 1000;
    this.#line.send(this.#worker, { ...invocation, timeoutMillis, endpoints: this.#changedEndpoints() });
  }

  #begin(invocation: Invocation): Promise<InvocationResult> {
    this.#running = new RunningInvocation(invocation, {
      environment: this.#options,
      isLoading: !this.#ready,
      onTimeout: () => this.#onTimeout(),
    });
    return this.#running.result;
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
    if (report.kind === 'ready') this.#ready = true;
    const running = this.#running;
    if (!running) return;
    const { requestId } = running;
    switch (report.kind) {
      case 'output':
        this.#options.onOutput(requestId, report.stream, report.text);
        break;
      case 'ready':
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
    // If the thread has begun the next invocation, the response to this one is on its way. Otherwise the thread must not
    // begin it before it ends, so it is taken back first.
    if (!this.#running || (this.#beginNext && !this.#line.takeBack())) return;
    const result = this.#running.timeout();
    void this.end();
    this.#finish(result);
  }

  #runsNext(begin: () => void): void {
    this.#beginNext = undefined;
    begin();
  }

  #workerOnExit(code: number): void {
    this.#ended = true;
    for (const group of this.#processGroups) signalGroup(group, 'SIGKILL');
    if (this.#running) this.#finish(this.#failedByExit(this.#running, code));
    if (this.#beginNext && this.#line.hasBegun) this.#runsNext(this.#beginNext);
    if (this.#running) this.#finish(this.#failedByExit(this.#running, code));
    this.#options.onExit();
  }

  #failedByExit({ requestId }: RunningInvocation, code: number): Finish {
    const outOfMemory = this.#crash?.code === 'ERR_WORKER_OUT_OF_MEMORY';
    const status = code === 0 ? undefined : `exit status ${code}`;
    const how = this.#end ?? (outOfMemory ? 'signal: killed' : status);
    const outcome = exited(requestId, how);
    const cause = this.#crash && (this.#crash.stack ?? String(this.#crash));
    const detail =
      cause === undefined ? outcome.errorMessage : this.#readable(`${outcome.errorMessage}\n${cause}`);
    return { outcome, detail };
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
    this.#tookBack = false;
    running.finish(result);
    if (this.#beginNext && !this.#ended) this.#runsNext(this.#beginNext);
    else this.#worker.unref();
  }
}
