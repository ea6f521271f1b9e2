import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Log } from '../log';
import { UserError } from '../user-error';
import type { Attributes } from './change';

/** What the thread says (see dynalite-worker.cjs). */
interface Report {
  port?: number;
  failure?: string;
  refusal?: { isLocked: boolean; message: string };
  change?: StoredChange;
}

/** An item as it was and as it is. */
export interface StoredChange {
  tableName: string;
  oldImage?: Attributes;
  newImage?: Attributes;
}

/** The embedded DynamoDB: dynalite in a thread of its own, on a port of its own on this machine. */
export class Dynalite {
  readonly #worker: Worker;

  /**
   * @param options.directory where tables outlast the run. @default in memory
   * @throws {UserError} if another process uses the directory, or it cannot be written.
   */
  static async start(options: {
    region: string;
    accountId: string;
    log: Log;
    directory?: string;
    /** @default nobody hears of changes */
    onChange?(change: StoredChange): void;
  }): Promise<Dynalite> {
    const { region, accountId, log, directory, onChange } = options;
    const worker = new Worker(join(__dirname, 'dynalite-worker.cjs'), {
      // dynalite builds ARNs from these two.
      env: { ...process.env, AWS_REGION: region, AWS_ACCOUNT_ID: accountId },
      execArgv: [],
      workerData: { directory },
    });
    const port = await new Promise<number>((resolve, reject) => {
      worker.once('error', reject);
      worker.on('message', ({ port, failure, refusal, change }: Report) => {
        if (port !== undefined) resolve(port);
        if (failure !== undefined) log.error(`DynamoDB: ${failure}`);
        if (change) onChange?.(change);
        if (refusal) reject(refused(directory ?? '', refusal));
      });
    }).catch(async (error: unknown) => {
      await worker.terminate();
      throw error;
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

  /** Tells of the changes of these tables from now on. */
  follow(streamedTables: string[]): void {
    this.#worker.postMessage({ streamedTables });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

function refused(
  directory: string,
  { isLocked, message }: { isLocked: boolean; message: string },
): UserError {
  return new UserError(
    isLocked
      ? `The tables in ${directory} are in use: another runtime keeps its data there, and only one at a time may. Stop it, or give another folder.`
      : `The tables cannot be kept in ${directory}: ${message}. Give a folder that can be written, with nothing else in it.`,
  );
}
