/** An environment for any language: a process that gets events from the Runtime API and is stopped in between. */
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setImmediate as oneTurn } from 'node:timers/promises';
import { missingSdkRemedy } from '../../assembly/functions/python';
import { exited, failure, responseTooLarge } from '../failure';
import type { InvocationOutcome } from '../invocation';
import { withSourcePaths } from '../source-paths';
import { InvalidEntrypoint } from './bootstrap-program';
import type { Environment, EnvironmentOptions, Invocation, InvocationResult } from './environment';
import { processCommand } from './process-command';
import { howItEnded, ProcessGroup } from './process-group';
import { type Finish, RunningInvocation } from './running-invocation';
import { type ReportedError, RuntimeApi } from './runtime-api';

/** How often the memory of a running process is checked. */
const MEMORY_CHECK_MILLIS = 100;

export class ProcessEnvironment implements Environment {
  readonly #options: EnvironmentOptions;
  readonly #api: RuntimeApi;
  readonly #startedAt = performance.now();
  readonly #started: Promise<void>;
  #group: ProcessGroup | undefined;
  #ready = false;
  #ended = false;
  #exited = false;
  #running: RunningInvocation | undefined;
  /** The latest invocation, which everything that the process prints belongs to. */
  #requestId = '';
  #memoryCheck: NodeJS.Timeout | undefined;
  #whenExited: () => void = () => undefined;
  readonly #exit = new Promise<void>((resolve) => {
    this.#whenExited = resolve;
  });

  /** Starts the process. It loads the handler while the first invocation waits. */
  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#api = new RuntimeApi({
      onNext: () => this.#apiOnNext(),
      onResponse: (body) => void this.#apiOnResponse(body),
      onError: (error) => void this.#apiOnError(error),
      onInitError: (error) => void this.#apiOnInitError(error),
    });
    this.#started = this.#start().catch((error: Error) => this.#cannotStart(error));
  }

  get isUsable(): boolean {
    return !this.#ended;
  }

  get isLoading(): boolean {
    return !this.#ready && !this.#ended;
  }

  run(invocation: Invocation): Promise<InvocationResult> {
    this.#requestId = invocation.requestId;
    const running = new RunningInvocation(invocation, {
      environment: this.#options,
      isLoading: !this.#ready,
      onTimeout: () => this.#onTimeout(),
    });
    this.#running = running;
    if (this.#ready) {
      this.#resume();
      this.#give(running);
    }
    return running.result;
  }

  readonly canRunNext = false;

  runNext(): Promise<InvocationResult> {
    throw new Error('A process gets its next event only when it asks for one.');
  }

  takeBackNext(): boolean {
    return false;
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#started;
    this.#group?.signal('SIGKILL');
    await this.#exit;
  }

  async #start(): Promise<void> {
    const runtimeApi = await this.#api.listen();
    if (this.#ended) return this.#hasExited(undefined);
    const { lambdaFunction } = this.#options;
    // Node.js and Python have a worker that redirects connections to the endpoint.
    const tunnel = lambdaFunction.runtime.startsWith('provided') ? await this.#options.tunnel?.() : undefined;
    if (this.#ended) return this.#hasExited(undefined);
    const command = processCommand(this.#options, runtimeApi, tunnel);
    const group = new ProcessGroup(command, lambdaFunction.codeDirectory);
    this.#group = group;
    group.child.once('error', (error) => this.#cannotStart(error));
    group.child.once('exit', (code, signal) => void this.#groupOnExit(code, signal));
    for (const stream of ['stdout', 'stderr'] as const) {
      const source = group.child[stream];
      if (source === null) continue;
      createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (text) =>
        this.#options.onOutput(this.#requestId, stream, text),
      );
    }
    this.#watchMemory();
  }

  #cannotStart(error: Error): void {
    if (this.#exited) return;
    const known = error instanceof InvalidEntrypoint ? error : undefined;
    const { requestId = '' } = this.#running ?? {};
    const message = `RequestId: ${requestId} Error: ${error.message}`;
    const outcome = failure(requestId, known?.errorType ?? 'Runtime.InvalidEntrypoint', message);
    this.#ended = true;
    this.#finish({ outcome, detail: `${error.message}${known ? `. ${known.remedy}` : ''}` });
    this.#hasExited(undefined);
  }

  #apiOnNext(): void {
    const running = this.#running;
    if (!this.#ready) {
      this.#ready = true;
      if (!running) return;
      running.handlerStarts(this.#startedAt);
      this.#give(running);
    } else if (!running) {
      this.#freeze();
    }
  }

  #give({ invocation }: RunningInvocation): void {
    const { lambdaFunction, clock } = this.#options;
    this.#api.give({
      ...{ requestId: invocation.requestId, payload: invocation.payload, traceId: traceId() },
      deadline: clock.now() + lambdaFunction.timeoutSeconds * 1000,
      invokedFunctionArn: invocation.invokedFunctionArn ?? lambdaFunction.functionArn,
      ...(invocation.clientContext !== undefined && { clientContext: invocation.clientContext }),
    });
  }

  /** First reads all output that came before the response. */
  async #apiOnResponse(body: string | undefined): Promise<void> {
    const running = this.#running;
    await outputIsRead();
    if (!running || running !== this.#running) return;
    const { requestId } = running.invocation;
    const outcome: InvocationOutcome =
      body === undefined ? responseTooLarge(requestId) : { kind: 'success', requestId, payload: body };
    this.#finish({ outcome });
  }

  async #apiOnError(error: ReportedError): Promise<void> {
    const running = this.#running;
    await outputIsRead();
    if (running && running === this.#running) this.#finish(this.#failed(running.requestId, error));
  }

  async #apiOnInitError(error: ReportedError): Promise<void> {
    this.#ended = true;
    await this.#apiOnError(error);
    this.#group?.signal('SIGKILL');
  }

  #failed(requestId: string, { type, body }: ReportedError) {
    const record = errorRecord(body);
    const errorType = textOf(record.errorType) ?? type ?? 'Unhandled';
    const errorMessage = textOf(record.errorMessage) ?? '';
    const trace = [record.stackTrace, record.trace].find(Array.isArray) ?? [];
    const outcome = failure(requestId, errorType, errorMessage);
    const { codeDirectory, interpreter } = this.#options.lambdaFunction;
    const remedy = interpreter === undefined ? undefined : missingSdkRemedy(errorMessage, interpreter);
    const detail = [
      `${errorType}: ${errorMessage}`,
      ...trace.map((line) => String(line).trimEnd()),
      ...(remedy === undefined ? [] : [remedy]),
    ].join('\n');
    return {
      outcome: { ...outcome, ...(Object.keys(record).length > 0 && { payload: body }) },
      detail: withSourcePaths(detail, codeDirectory),
    };
  }

  async #groupOnExit(code: number | null, signal: string | null): Promise<void> {
    this.#ended = true;
    await outputIsRead();
    this.#hasExited(howItEnded(code, signal));
  }

  #hasExited(how: string | undefined): void {
    if (this.#exited) return;
    this.#exited = true;
    this.#ended = true;
    clearInterval(this.#memoryCheck);
    this.#api.close();
    if (this.#running) {
      const outcome = exited(this.#running.requestId, how);
      this.#finish({ outcome, detail: outcome.errorMessage });
    }
    this.#whenExited();
    this.#options.onExit();
  }

  #onTimeout(): void {
    if (!this.#running) return;
    const result = this.#running.timeout();
    void this.end();
    this.#finish(result);
  }

  #freeze(): void {
    clearInterval(this.#memoryCheck);
    this.#memoryCheck = undefined;
    this.#group?.signal('SIGSTOP');
  }

  #resume(): void {
    this.#group?.signal('SIGCONT');
    this.#watchMemory();
  }

  #watchMemory(): void {
    const limit = this.#options.lambdaFunction.memoryMegabytes * 1024 * 1024;
    this.#memoryCheck ??= setInterval(() => {
      void this.#group?.residentBytes().then((bytes) => {
        if (bytes > limit) this.#group?.signal('SIGKILL');
      });
    }, MEMORY_CHECK_MILLIS).unref();
  }

  #finish(result: Finish): void {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    this.#api.forget();
    running.finish(result);
    // It may already have asked for the next event.
    if (this.#api.isWaiting && !this.#running) this.#freeze();
  }
}

async function outputIsRead(): Promise<void> {
  await oneTurn();
  await oneTurn();
}

function traceId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}

function errorRecord(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
