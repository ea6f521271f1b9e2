/** Functions as Lambda sees them before they run: archives unpacked, and layers merged into one folder. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';
import type { LambdaFunction } from '../assembly/model';
import { UserError } from '../user-error';

/**
 * For the code and all layers together. Limit and message:
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_UNPACKED_BYTES = 262_144_000;

const FILE_TYPE = 0o170000;
const SYMBOLIC_LINK = 0o120000;
const EXECUTABLE = 0o111;

export class UnpackedCode {
  #home: string | undefined;
  readonly #folders = new Map<string, Promise<string>>();

  /**
   * Functions with a folder for their code, and at most one for their layers. Archives are unpacked only once.
   * @throws {UserError} if an archive cannot be read
   */
  of(functions: LambdaFunction[]): Promise<LambdaFunction[]> {
    return Promise.all(
      functions.map(async (lambdaFunction) => {
        const codeDirectory = await this.#folderOf(lambdaFunction.codeDirectory, lambdaFunction);
        const { layers } = lambdaFunction;
        if (layers === undefined || layers.length === 0) return { ...lambdaFunction, codeDirectory };
        return { ...lambdaFunction, codeDirectory, layers: [await this.#merged(layers, lambdaFunction)] };
      }),
    );
  }

  close(): void {
    if (this.#home !== undefined) rmSync(this.#home, { recursive: true, force: true });
  }

  #folderOf(path: string, { path: user }: LambdaFunction): Promise<string> {
    const stat = statSync(path);
    if (stat.isDirectory()) return Promise.resolve(path);
    return this.#once(`${path} ${stat.mtimeMs} ${stat.size}`, async (folder) => {
      await unpack(path, folder).catch((error: Error) => {
        throw new UserError(`${user}: the archive ${path} could not be unpacked: ${error.message}`);
      });
    });
  }

  async #merged(layers: string[], lambdaFunction: LambdaFunction): Promise<string> {
    const folders: string[] = [];
    for (const layer of layers) folders.push(await this.#folderOf(layer, lambdaFunction));
    const [only, ...others] = folders;
    if (only !== undefined && others.length === 0) return only;
    return this.#once(folders.join('\n'), async (folder) => {
      for (const layer of folders)
        cpSync(layer, folder, { recursive: true, force: true, verbatimSymlinks: true });
    });
  }

  #once(key: string, fill: (folder: string) => Promise<void>): Promise<string> {
    const known = this.#folders.get(key);
    if (known !== undefined) return known;
    this.#home ??= mkdtempSync(join(tmpdir(), 'unpacked-code-'));
    const folder = join(this.#home, createHash('sha256').update(key).digest('hex').slice(0, 16));
    mkdirSync(folder);
    const filled = fill(folder).then(() => folder);
    this.#folders.set(key, filled);
    return filled;
  }
}

/** yauzl refuses names that lead out of the folder. */
async function unpack(archive: string, folder: string): Promise<void> {
  const zip = await openPromise(archive);
  // Created last, so that no file is written through a link.
  const links: { path: string; target: string }[] = [];
  let bytes = 0;
  for await (const entry of zip.eachEntry()) {
    const path = join(folder, entry.fileName);
    const mode = entry.externalFileAttributes >>> 16;
    bytes += entry.uncompressedSize;
    if (bytes > MAX_UNPACKED_BYTES) {
      throw new Error(`Unzipped size must be smaller than ${MAX_UNPACKED_BYTES} bytes`);
    }
    if (entry.fileName.endsWith('/')) {
      mkdirSync(path, { recursive: true });
    } else if ((mode & FILE_TYPE) === SYMBOLIC_LINK) {
      links.push({ path, target: await text(await zip.openReadStreamPromise(entry)) });
    } else {
      mkdirSync(dirname(path), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path));
      if ((mode & EXECUTABLE) !== 0) chmodSync(path, 0o755);
    }
  }
  for (const { path, target } of links) {
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }
}
