/** Functions for the tests: files in a folder of their own, a host that runs them, and a log that remembers. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LambdaFunction } from '../../../local/assembly/model';
import { systemClock } from '../../../local/clock';
import { FunctionHost, type FunctionHostOptions } from '../../../local/lambda/function-host';
import type {
  FunctionLog,
  InvocationEnd,
  InvocationStart,
  OutputLine,
} from '../../../local/lambda/function-log';

export const REGION = 'eu-central-1';
export const ACCOUNT_ID = '123456789012';

export class Fixture {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'function-host-')));
  readonly #hosts: FunctionHost[] = [];

  /** Writes the files of a function's code folder. */
  function(
    functionName: string,
    files: Record<string, string>,
    properties: Partial<LambdaFunction> = {},
  ): LambdaFunction {
    const codeDirectory = join(this.#folder, functionName);
    for (const [name, content] of Object.entries(files)) this.write(join(functionName, name), content);
    return {
      path: `App/${functionName}`,
      functionName,
      functionArn: `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${functionName}`,
      runtime: 'nodejs24.x',
      codeDirectory,
      handler: 'index.handler',
      environment: {},
      // Long enough for a busy machine. A test of the timeout sets its own.
      timeoutSeconds: 60,
      memoryMegabytes: 128,
      ...properties,
    };
  }

  /** Writes a file next to the code folders. */
  write(name: string, content: string): string {
    const file = join(this.#folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  host(functions: LambdaFunction[], options: Partial<FunctionHostOptions> = {}): FunctionHost {
    const host = new FunctionHost({
      functions,
      region: REGION,
      accountId: ACCOUNT_ID,
      clock: systemClock,
      log: new RememberingLog(),
      // Port 9 (discard), so that a function that should not connect fails immediately.
      endpoint: () => ({ host: '127.0.0.1', port: 9 }),
      ...options,
    });
    this.#hosts.push(host);
    return host;
  }

  async closeHosts(): Promise<void> {
    await Promise.all(this.#hosts.splice(0).map((host) => host.close()));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export class RememberingLog implements FunctionLog {
  readonly starts: InvocationStart[] = [];
  readonly lines: OutputLine[] = [];
  readonly ends: InvocationEnd[] = [];
  readonly notices: string[] = [];
  #watchers: { isThere: () => boolean; resolve: () => void }[] = [];

  start(invocation: InvocationStart): void {
    this.starts.push(invocation);
    this.#changed();
  }

  output(line: OutputLine): void {
    this.lines.push(line);
    this.#changed();
  }

  end(invocation: InvocationEnd): void {
    this.ends.push(invocation);
    this.#changed();
  }

  notice(functionName: string, text: string): void {
    this.notices.push(`${functionName}: ${text}`);
    this.#changed();
  }

  get texts(): string[] {
    return this.lines.map(({ text }) => text);
  }

  /** Resolves when the log contains what `isThere` looks for. */
  async until(isThere: () => boolean): Promise<void> {
    if (isThere()) return;
    await new Promise<void>((resolve) => this.#watchers.push({ isThere, resolve }));
  }

  #changed(): void {
    const met = this.#watchers.filter(({ isThere }) => isThere());
    this.#watchers = this.#watchers.filter((watcher) => !met.includes(watcher));
    for (const { resolve } of met) resolve();
  }
}
