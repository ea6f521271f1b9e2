/** Logs each file in a bucket's folder that is not an object, once, with the remedy. */
import { isUtf8 } from 'node:buffer';
import type { Dirent, Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Log } from '../log';
import { printable } from '../printable';
import { keyFault } from './object-key';

/** Limits the log and the memory for a folder with many such files. */
const MAX_SAID = 100;

export class SkippedFiles {
  readonly #directory: string;
  readonly #log: Log;
  readonly #said = new Set<string>();

  constructor(directory: string, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** Reports names in a folder that are not UTF-8. No other part of the program sees such names. */
  async inspect(directory: string): Promise<void> {
    const entries = await readdir(directory, { withFileTypes: true, encoding: 'buffer' }).catch(() => []);
    for (const { name } of entries as unknown as Dirent<Buffer>[]) {
      if (!isUtf8(name)) this.#say(directory, escapedBytes(name), NOT_UTF8);
    }
  }

  /** Returns whether the file is not an object. Logs it in that case. */
  sayOf(key: string, stats: Stats): boolean {
    const why = stats.isSymbolicLink()
      ? 'it is a symbolic link, which is not followed. Use a copy of the file instead.'
      : stats.isFile()
        ? faultText(key)
        : 'it is not a regular file.';
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
        ? `More files in ${this.#directory} are not objects. They are not listed here.`
        : `${path} is not an object of the bucket: ${why}`,
    );
  }
}

const NOT_UTF8 = 'its name is not UTF-8, which object keys must be. Rename it.';

function faultText(key: string): string | undefined {
  const fault = keyFault(key);
  return fault === undefined ? undefined : `its key ${fault}. Rename it.`;
}

/** Escapes bytes in the form that shells accept in `$'…'`. */
function escapedBytes(name: Buffer): string {
  return [...name]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}
