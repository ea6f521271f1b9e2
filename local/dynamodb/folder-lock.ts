/** A folder that only one process at a time may write to. A process that was killed does not keep it locked. */
import { randomUUID } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `lock.7` names its holder. A process that finds the holder dead creates `lock.8` by a link, which succeeds for only
 * one of several that try. The highest number counts, and is never deleted. A released lock stays, and says so.
 */
const NAME = /^lock\.(\d+)$/;

interface Holder {
  pid: number;
  /** When the process began, if the system reports it, because process ids are reused. */
  began: string | undefined;
  token: string;
}

/** The locks of this process. */
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
        // Outdated: another process has created a later lock and deleted the earlier ones.
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
      // If the disk is full, the lock still names this holder, which no longer holds it.
      rmSync(released, { force: true });
    }
  }
}

function pathOf(directory: string, number: number): string {
  return join(directory, `lock.${number}`);
}

/** Lowest first. */
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

/** Linux only: the 22nd field, counted after the name in parentheses. */
function beginOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
