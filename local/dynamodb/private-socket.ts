/** The functions' direct connection to the tables: a Unix domain socket in a folder that only this user may enter. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestHandler } from '../endpoint/request-router';

/** Systems limit the path of a socket to about a hundred bytes. */
const MAX_PATH_BYTES = 100;
const PREFIX = 'shared-connection-';
const NAME = 'dynamodb.sock';

/** A function that was frozen finds its connection still open, unless it was frozen for longer than this. */
const KEEP_ALIVE_MILLIS = 60_000;

export class PrivateSocket {
  readonly path: string;
  readonly #directory: string;
  readonly #server: Server;

  static async listen(handler: RequestHandler): Promise<PrivateSocket> {
    const directory = createDirectory();
    const server = createServer((request, response) => {
      request.on('error', () => response.destroy());
      response.on('error', () => response.destroy());
      Promise.resolve(handler.handle(request, response)).catch(() => response.destroy());
    });
    server.keepAliveTimeout = KEEP_ALIVE_MILLIS;
    const socket = new PrivateSocket(directory, server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socket.path, resolve);
    });
    return socket;
  }

  private constructor(directory: string, server: Server) {
    this.#directory = directory;
    this.#server = server;
    this.path = join(directory, NAME);
    process.once('exit', this.#remove);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    process.off('exit', this.#remove);
    this.#remove();
  }

  readonly #remove = (): void => rmSync(this.#directory, { recursive: true, force: true });
}

function createDirectory(): string {
  const wanted = tmpdir();
  const longest = join(wanted, `${PREFIX}${process.pid}-XXXXXX`, NAME);
  const parent = Buffer.byteLength(longest) > MAX_PATH_BYTES ? '/tmp' : wanted;
  removeLeftOver(parent);
  const directory = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
  chmodSync(directory, 0o700);
  return directory;
}

/** A process that was killed leaves its folder behind. */
function removeLeftOver(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-\\w{6}$`).exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // It belongs to another user.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
