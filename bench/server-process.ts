/** A server under test, in a process of its own, with its output and its memory. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The longest wait for a server to be ready, or to end. */
const LONGEST_START_MILLIS = 60_000;
const LONGEST_STOP_MILLIS = 8_000;

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #departed = new Set<string>();
  #heard: () => void = () => {};
  /** The time from the start of the process to its line `Ready`. */
  startMillis = 0;

  /** @throws Error with what the server printed, if it ends or takes too long before it is ready. */
  static async start(args: string[], directory: string): Promise<ServerProcess> {
    const server = new ServerProcess(args, directory);
    const begun = performance.now();
    const isReady = () => server.#lines.some((line) => line.startsWith('Ready'));
    if (await server.#until(isReady, LONGEST_START_MILLIS)) {
      server.startMillis = performance.now() - begun;
      return server;
    }
    await server.stop();
    throw new Error(`${args.join(' ')} did not get ready:\n${server.#lines.join('\n')}`);
  }

  private constructor(args: string[], directory: string) {
    this.#child = spawn(process.execPath, args, {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output) createInterface({ input: output }).on('line', (line) => this.#onLine(line));
    }
    this.#child.once('exit', () => this.#heard());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The `ws://` URL of a stage, as the server printed it. */
  url(stage: string): string {
    const found = this.#lines.join('\n').match(new RegExp(`ws://\\S+/${stage}(?=\\s|$)`));
    if (!found) throw new Error(`No URL of ${stage} among:\n${this.#lines.join('\n')}`);
    return found[0].replace('localhost', '127.0.0.1');
  }

  /** The variables that the server prints for export. */
  get exported(): Record<string, string> {
    const assignments = this.#lines.flatMap((line) => /^\s*export (.+)$/.exec(line)?.[1]?.split(' ') ?? []);
    return Object.fromEntries(assignments.map((assignment) => assignment.split('=') as [string, string]));
  }

  /** The connections whose departure the server's handlers have logged since `forgetDepartures`. */
  get departures(): number {
    return this.#departed.size;
  }

  forgetDepartures(): void {
    this.#departed.clear();
  }

  /** Resolves to false if they do not arrive in time. */
  departuresReach(count: number, withinMillis: number): Promise<boolean> {
    return this.#until(() => this.#departed.size >= count, withinMillis);
  }

  /** The memory that the process uses now. */
  get residentMegabytes(): number {
    return residentKilobytes(this.#child.pid ?? 0) / 1024;
  }

  /** The CPU time of all threads; 0 if the system does not report it. */
  get cpuMillis(): number {
    const tasks = `/proc/${this.#child.pid}/task`;
    if (!existsSync(tasks)) return 0;
    const nanoseconds = readdirSync(tasks).map((task) =>
      Number(readFileSync(join(tasks, task, 'schedstat'), 'utf8').split(' ', 1)),
    );
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), LONGEST_STOP_MILLIS);
    await exited;
    clearTimeout(limit);
  }

  #onLine(line: string): void {
    const [, departed] = /\bgone (\S+)$/.exec(line) ?? [];
    if (departed !== undefined) this.#departed.add(departed);
    else if (this.#lines.length < 1_000) this.#lines.push(line);
    this.#heard();
  }

  async #until(condition: () => boolean, withinMillis: number): Promise<boolean> {
    const end = performance.now() + withinMillis;
    while (!condition()) {
      const left = end - performance.now();
      if (left <= 0 || this.#child.exitCode !== null) return false;
      await new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, left);
        this.#heard = () => {
          clearTimeout(limit);
          resolve();
        };
      });
    }
    return true;
  }
}

function residentKilobytes(pid: number): number {
  const status = `/proc/${pid}/status`;
  const text = existsSync(status)
    ? (/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? '0')
    : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(text);
}
