/** What lies in a bucket's folder and is no object of it: said in the log, once each, with what to do. */
import { isUtf8 } from 'node:buffer';
import type { Dirent, Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Log } from '../log';
import { printable } from '../printable';
import { keyFault } from './object-key';

/** A folder full of them fills neither the log nor the memory. */
const MAX_SAID = 100;

export class SkippedFiles {
  readonly #directory: string;
  readonly #log: Log;
  readonly #said = new Set<string>();

  constructor(directory: string, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** Looks at the names in a folder: those that are no UTF-8 reach no other part of the program. */
  async inspect(directory: string): Promise<void> {
    const entries = await readdir(directory, { withFileTypes: true, encoding: 'buffer' }).catch(() => []);
    for (const { name } of entries as unknown as Dirent<Buffer>[]) {
      if (!isUtf8(name)) this.#say(directory, escapedBytes(name), NOT_UTF8);
    }
  }

  /** Whether it is no object, and has been said to be none. */
  sayOf(key: string, stats: Stats): boolean {
    const why = stats.isSymbolicLink()
      ? 'it is a symbolic link, which is not followed. Put the file itself there.'
      : stats.isFile()
        ? faultText(key)
        : 'it is no regular file.';
    if (why === undefined) return false;
    this.#say(this.#directory, printable(key), why);
    return true;
  }

  #say(directory: string, name: string, why: string): void {
    const path = `${directory}/${name}`;
    if (this.#said.has(path) || this.#said.size > MAX_SAID) return;
    this.#said.add(path);
    this.#log.warn(
      this.#said.size > MAX_SAID
        ? `More files in ${this.#directory} are no objects; they are not named.`
        : `${path} is no object of the bucket: ${why}`,
    );
  }
}

const NOT_UTF8 = 'its name is no UTF-8, as the keys of objects are. Rename it.';

function faultText(key: string): string | undefined {
  const fault = keyFault(key);
  return fault === undefined ? undefined : `its key ${fault}. Rename it.`;
}

/** As shells take it between `$'` and `'`. */
function escapedBytes(name: Buffer): string {
  return [...name]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}
