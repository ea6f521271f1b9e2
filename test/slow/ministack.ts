/** ministack, another project's AWS emulator, with IAM enforced, in its own process and folder. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { FunctionCalls } from './function-calls';

const ROOT = join(__dirname, '../..');
const MAIN = join(ROOT, 'cli/shared-connection.js');
const PYTHON = join(ROOT, '.cache/python/bin');
const START_MILLISECONDS = 30_000;
const STOP_MILLISECONDS = 5_000;
/** The end of its output is enough to see why it did not start. */
const MAX_OUTPUT_CHARACTERS = 10_000;

export const REGION = 'us-east-1';
export const ACCOUNT = '000000000000';
/** ministack treats these as the account's root user. */
export const ROOT_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

export class Ministack {
  private constructor(
    readonly port: number,
    /** For files that may be left behind. */
    readonly directory: string,
    /** The functions' calls to AWS go through here. */
    readonly calls: FunctionCalls,
    readonly process: ChildProcess,
  ) {}

  /** Resolves when it responds. */
  static async start(): Promise<Ministack> {
    const directory = mkdtempSync(join(tmpdir(), 'ministack-'));
    const port = await freePort();
    const calls = await FunctionCalls.before(port);
    const ministack = new Ministack(
      port,
      directory,
      calls,
      // Its own process group, so that the processes of its functions end with it.
      spawn(join(PYTHON, 'ministack'), {
        cwd: directory,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...commonEnvironment(directory),
          BIND_HOST: '127.0.0.1',
          GATEWAY_PORT: String(port),
          AUTH: 'true',
          // Events then contain a domain like AWS's, and posts to such a domain are accepted.
          MINISTACK_HOST: `${REGION}.amazonaws.com`,
          // Passed on to the functions.
          AWS_ENDPOINT_URL: calls.url,
          // This, too: the CDK's function for bucket notifications sends its response to a URL on MINISTACK_HOST.
          http_proxy: calls.url,
          no_proxy: '127.0.0.1',
          // A failed asynchronous invocation is retried only after the tests, where it cannot be confused with a
          // later one.
          LAMBDA_ASYNC_RETRY_BASE_SECONDS: '600',
          LAMBDA_ASYNC_RETRY_MAX_SECONDS: '600',
        },
      }),
    );
    try {
      await ministack.#ready();
    } catch (error) {
      await ministack.stop();
      throw error;
    }
    return ministack;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The settings of an SDK client that acts as the account's root user. */
  get client() {
    return { endpoint: this.url, region: REGION, credentials: ROOT_CREDENTIALS };
  }

  /** For processes that act as the account's root user. */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...commonEnvironment(this.directory),
      AWS_ENDPOINT_URL: this.url,
      AWS_ENDPOINT_URL_S3: this.url,
      AWS_DEFAULT_REGION: REGION,
    };
  }

  /** Runs the AWS CLI. */
  async aws(...args: string[]): Promise<void> {
    await runAws(args, this.environment);
  }

  /** Runs the AWS CLI with credentials that are treated as a function's. */
  async awsAs(credentials: NodeJS.ProcessEnv, ...args: string[]): Promise<void> {
    await runAws([...args, '--endpoint-url', this.calls.url], { ...this.environment, ...credentials });
  }

  /** Runs this repository's command line. Resolves to its output. */
  async sharedConnection(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], {
      ...{ cwd: ROOT, env: this.environment, timeout: 30_000 },
    });
    return stdout;
  }

  async stop(): Promise<void> {
    const { pid } = this.process;
    if (pid !== undefined && this.process.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, 'exit');
      const impatience = setTimeout(() => this.process.kill('SIGKILL'), STOP_MILLISECONDS);
      this.process.kill();
      await exited;
      clearTimeout(impatience);
    }
    if (pid !== undefined) endGroup(pid);
    await this.calls.close();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      let output = '';
      const fail = (reason: string) => {
        clearTimeout(impatience);
        reject(new Error(`ministack ${reason}. It printed:\n${output}`));
      };
      const impatience = setTimeout(() => fail('did not start in time'), START_MILLISECONDS);
      for (const stream of [this.process.stdout, this.process.stderr]) {
        // Read to the end, so that the output never fills the pipe.
        stream?.setEncoding('utf8').on('data', (text: string) => {
          output = (output + text).slice(-MAX_OUTPUT_CHARACTERS);
          if (!output.includes('Running on http')) return;
          clearTimeout(impatience);
          resolve();
        });
      }
      this.process.once('error', ({ message }) =>
        fail(`could not be started (${message}); test/slow/prepare.sh installs it`),
      );
      this.process.once('exit', () => fail('has ended'));
    });
  }
}

async function runAws(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  await promisify(execFile)(join(PYTHON, 'aws'), args, { env, timeout: 30_000 });
}

/** No AWS settings of the developer. The Node.js that runs the tests also runs the functions. */
function commonEnvironment(directory: string): NodeJS.ProcessEnv {
  return {
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: directory,
    TMPDIR: directory,
    AWS_ACCESS_KEY_ID: ROOT_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROOT_CREDENTIALS.secretAccessKey,
    AWS_REGION: REGION,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

/**
 * A free port, because ministack cannot choose one itself. It is below the range that the system uses for connections
 * and for port 0, where another process could soon take it.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => {
      server.close(resolve);
    });
    return port;
  }
}

/** Stops the processes of the functions together with their emulator. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // No process of the group is left.
  }
}
