/** The test's interface to the soak's runtime in its own process. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FaultSettings } from '../../local/faults/fault-settings';
import type { HostCall, HostReady, HostSummary } from './soak-host';

export class SoakProcess {
  /** `undefined` while it is running. */
  exit: { code: number | null; signal: string | null } | undefined;
  readonly #process: ChildProcess;
  readonly #awaited = new Map<string, (result: unknown) => void>();
  readonly #ready: Promise<unknown>;

  constructor(faults: FaultSettings, seed: number) {
    this.#process = fork(join(__dirname, 'soak-host.ts'), [JSON.stringify(faults), String(seed)], {
      // Few arenas, because memory of ended threads in their arenas would count as the runtime's.
      env: { ...process.env, MALLOC_ARENA_MAX: '2' },
      execArgv: ['--expose-gc', '--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#ready = this.#answer('ready');
    this.#process.on('message', ({ call, result }: { call: string; result: unknown }) => {
      this.#awaited.get(call)?.(result);
    });
    this.#process.on('exit', (code, signal) => {
      this.exit = { code, signal };
    });
  }

  ready(): Promise<HostReady> {
    return this.#ready as Promise<HostReady>;
  }

  memoryMegabytes(): Promise<number> {
    return this.#call('memory') as Promise<number>;
  }

  async stopFaults(): Promise<void> {
    await this.#call('stopFaults');
  }

  async sweep(): Promise<string> {
    return (await this.#call('sweep')) as string;
  }

  summary(): Promise<HostSummary> {
    return this.#call('summary') as Promise<HostSummary>;
  }

  /** Resolves to the exit code. */
  async stop(): Promise<number | null> {
    const exited = once(this.#process, 'exit');
    await this.#call('stop');
    const [code] = await exited;
    return code;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #call(call: HostCall): Promise<unknown> {
    const answer = this.#answer(call);
    this.#process.send(call);
    return answer;
  }

  #answer(call: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#awaited.set(call, resolve);
      this.#process.once('exit', () => reject(new Error(`The runtime ended before it answered ${call}.`)));
    });
  }
}
