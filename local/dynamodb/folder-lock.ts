/** A folder that one process at a time may write to. A process that was killed holds nothing. */
import { randomUUID } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `lock.7` is held by whom it names. Whoever finds its holder gone makes `lock.8` by a link, which one of several that try at the
 * same moment gets; the highest number counts, and is never deleted: a lock that is let go stays, and says so.
 */
const NAME = /^lock\.(\d+)$/;

interface Holder {
  pid: number;
  /** When the process began, where the system tells: numbers of processes come again. */
  began: string | undefined;
  token: string;
}

/** Those that this process holds. */
const held = new Set<string>();

export class FolderLock {
  readonly #path: string;
  readonly #token: string;

  private constructor(path: string, token: string) {
    this.#path = path;
    this.#token = token;
  }

  /** Undefined if another runtime holds it, in this process or another. */
  static take(directory: string): FolderLock | undefined {
    const token = randomUUID();
    const own = join(directory, `lock-${token}`);
    const holder: Holder = { pid: process.pid, began: beginOf(process.pid), token };
    writeFileSync(own, JSON.stringify(holder));
    try {
      for (;;) {
        const latest = numbersIn(directory).at(-1) ?? 0;
        if (isAlive(holderOf(pathOf(directory, latest)))) return undefined;
        const path = pathOf(directory, latest + 1);
        if (!link(own, path)) continue;
        const numbers = numbersIn(directory);
        if (numbers.at(-1) === latest + 1) {
          for (const earlier of numbers.slice(0, -1)) rmSync(pathOf(directory, earlier), { force: true });
          held.add(token);
          return new FolderLock(path, token);
        }
        // Looked at long ago: somebody has taken a later one, and deleted those before it.
        rmSync(path, { force: true });
      }
    } finally {
      rmSync(own, { force: true });
    }
  }

  release(): void {
    if (!held.delete(this.#token)) return;
    const released = `${this.#path}-${this.#token}`;
    try {
      writeFileSync(released, '{}');
      renameSync(released, this.#path);
    } catch {
      // On a full disk it goes on to name this holder, which holds it no longer.
      rmSync(released, { force: true });
    }
  }
}

function pathOf(directory: string, number: number): string {
  return join(directory, `lock.${number}`);
}

/** The lowest first. */
function numbersIn(directory: string): number[] {
  return readdirSync(directory)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((one, other) => one - other);
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder | undefined): boolean {
  if (holder?.pid === undefined) return false;
  if (holder.pid === process.pid) return held.has(holder.token);
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return holder.began === undefined || beginOf(holder.pid) === holder.began;
}

/** Of Linux: the 22nd field, counted behind the name in parentheses. */
function beginOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
