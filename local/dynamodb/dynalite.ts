import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Log } from '../log';

/** The embedded DynamoDB: dynalite in a thread of its own, on a port of its own on this machine. */
export class Dynalite {
  readonly #worker: Worker;

  /** @param options.directory where tables outlast the run. @default in memory */
  static async start(options: {
    region: string;
    accountId: string;
    log: Log;
    directory?: string;
  }): Promise<Dynalite> {
    const { region, accountId, log, directory } = options;
    const worker = new Worker(join(__dirname, 'dynalite-worker.cjs'), {
      // dynalite builds ARNs from these two.
      env: { ...process.env, AWS_REGION: region, AWS_ACCOUNT_ID: accountId },
      execArgv: [],
      workerData: { directory },
    });
    const port = await new Promise<number>((resolve, reject) => {
      worker.once('error', reject);
      worker.on('message', (message: { port?: number; failure?: string }) => {
        if (message.port !== undefined) resolve(message.port);
        if (message.failure !== undefined) log.error(`DynamoDB: ${message.failure}`);
      });
    });
    worker.removeAllListeners('error');
    worker.on('error', (error) => log.error(`DynamoDB's thread ended: ${error.message}`));
    return new Dynalite(worker, port);
  }

  private constructor(
    worker: Worker,
    readonly port: number,
  ) {
    this.#worker = worker;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
