/** ministack, an AWS emulator of another project, with its IAM enforced: a process and a folder of its own. */
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
/** The end of what it printed is enough to see why it did not start. */
const MAX_OUTPUT_CHARACTERS = 10_000;

export const REGION = 'us-east-1';
export const ACCOUNT = '000000000000';
/** ministack takes these for the account's root user. */
export const ROOT_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

export class Ministack {
  private constructor(
    readonly port: number,
    /** For everything that may be left lying about. */
    readonly directory: string,
    /** What the functions ask of AWS goes through here. */
    readonly calls: FunctionCalls,
    readonly process: ChildProcess,
  ) {}

  /** Resolves once it answers. */
  static async start(): Promise<Ministack> {
    const directory = mkdtempSync(join(tmpdir(), 'ministack-'));
    const port = await freePort();
    const calls = await FunctionCalls.before(port);
    const ministack = new Ministack(
      port,
      directory,
      calls,
      // A group of its own, so that its functions' processes can be ended with it.
      spawn(join(PYTHON, 'ministack'), {
        cwd: directory,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...commonEnvironment(directory),
          BIND_HOST: '127.0.0.1',
          GATEWAY_PORT: String(port),
          AUTH: 'true',
          // Events then name a domain as AWS's do, and posts to such a domain are taken.
          MINISTACK_HOST: `${REGION}.amazonaws.com`,
          // Handed on to the functions.
          AWS_ENDPOINT_URL: calls.url,
          // So is this: the CDK's own function for bucket notifications answers to an URL on MINISTACK_HOST.
          http_proxy: calls.url,
          no_proxy: '127.0.0.1',
          // A failed asynchronous invocation is tried again only after the tests, where it cannot be taken for a later one.
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

  /** The settings of an SDK's client that acts for the account's root user. */
  get client() {
    return { endpoint: this.url, region: REGION, credentials: ROOT_CREDENTIALS };
  }

  /** For processes that act for the account's root user. */
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

  /** Runs the AWS CLI as one whose calls are taken for a function's. */
  async awsAs(credentials: NodeJS.ProcessEnv, ...args: string[]): Promise<void> {
    await runAws([...args, '--endpoint-url', this.calls.url], { ...this.environment, ...credentials });
  }

  /** Runs this repository's command line; resolves with what it printed. */
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
        // Read to the end, so that what is printed never fills the pipe.
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

/** Nothing of the developer's own AWS settings; and the Node.js that runs the tests runs the functions, too. */
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
 * A port that nobody listens on: ministack cannot choose one itself. Below those that the system gives to connections and
 * to whoever listens on any port: there, somebody else would soon have it.
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

/** What the functions' processes are still doing ends with their emulator. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}
