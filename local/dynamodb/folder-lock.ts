/** A folder that one process at a time may write to. A process that was killed holds nothing. */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'lock';

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
    const [path, token] = [join(directory, NAME), randomUUID()];
    const own = `${path}.${token}`;
    const holder: Holder = { pid: process.pid, began: beginOf(process.pid), token };
    writeFileSync(own, JSON.stringify(holder));
    try {
      // A link is made by one of those that try at the same moment.
      if (!link(own, path) && !(removeStale(path) && link(own, path))) return undefined;
    } finally {
      rmSync(own, { force: true });
    }
    held.add(token);
    return new FolderLock(path, token);
  }

  release(): void {
    if (!held.delete(this.#token)) return;
    if (holderOf(this.#path)?.token === this.#token) rmSync(this.#path, { force: true });
  }
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

/** Takes away the lock of a process that has ended. False if it is another's. */
function removeStale(path: string): boolean {
  if (isAlive(holderOf(path))) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return true;
  }
  // Somebody else may have taken the lock since it was looked at.
  const isStale = !isAlive(holderOf(aside));
  if (!isStale) link(aside, path);
  rmSync(aside, { force: true });
  return isStale;
}

function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder | undefined): boolean {
  if (!holder) return false;
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
