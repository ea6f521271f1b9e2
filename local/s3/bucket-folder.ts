/** A folder that acts as a bucket. Its visible files are the objects. Symbolic links are not followed. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, silentLog } from '../log';
import { type Hashes, ObjectHashes } from './object-hashes';
import { isHidden, namesIn, namesToWrite } from './object-key';
import { S3Error } from './s3-error';
import { SkippedFiles } from './skipped-files';

export interface StoredObject extends Hashes {
  key: string;
  size: number;
  lastModified: Date;
  /**
   * Properties of an S3 object that a file cannot store, such as the content type and `x-amz-meta-…`. They are lost
   * when the process ends.
   */
  headers: Record<string, string>;
}

/** An object and its content, which stays the same while it is open, even if the file is replaced. */
export interface OpenObject {
  object: StoredObject;
  file: FileHandle;
}

export class BucketFolder {
  readonly #hashes = new ObjectHashes();
  readonly #headers = new Map<string, { versionId: string; headers: Record<string, string> }>();
  #writing: Promise<unknown> = Promise.resolve();

  /** Files in the folder that are not objects. */
  readonly skipped: SkippedFiles;

  private constructor(
    readonly bucketName: string,
    /** Absolute, without symbolic links. */
    readonly directory: string,
    log: Log,
  ) {
    this.skipped = new SkippedFiles(directory, log);
  }

  /** Creates the folder if it is missing. */
  static async open(bucketName: string, directory: string, log: Log = silentLog): Promise<BucketFolder> {
    await mkdir(directory, { recursive: true });
    return new BucketFolder(bucketName, await realpath(directory), log);
  }

  /** The object, or `undefined` if there is none with this key. */
  async find(key: string): Promise<StoredObject | undefined> {
    const found = await this.read(key);
    await found?.file.close();
    return found?.object;
  }

  /** The object, open for reading. The caller closes the file. */
  async read(key: string): Promise<OpenObject | undefined> {
    const path = await this.#pathOf(key);
    if (path === undefined) return undefined;
    const file = await openFile(path);
    if (file === undefined) return undefined;
    try {
      const stats = await file.stat({ bigint: true });
      if (stats.isFile()) {
        const hashes = await this.#hashes.of(path, file, stats);
        return { file, object: this.#object(key, Number(stats.size), Number(stats.mtimeMs), hashes) };
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return undefined;
  }

  /** The keys of all objects, ordered by their UTF-8 bytes as in S3's lists. */
  async keys(): Promise<string[]> {
    const keys: string[] = [];
    const visit = async (directory: string, prefix: string): Promise<void> => {
      for (const entry of await readFolder(directory)) {
        const key = `${prefix}${entry.name}`;
        // In names that are not UTF-8, Node.js replaces invalid bytes by this character.
        if (entry.name.includes('\ufffd')) await this.skipped.inspect(directory);
        if (isHidden(entry.name)) continue;
        if (entry.isDirectory()) await visit(join(directory, entry.name), `${key}/`);
        else if (entry.isFile() && namesIn(key)) keys.push(key);
        else await this.#sayOf(key);
      }
    };
    await visit(this.directory, '');
    return keys
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .sort((a, b) => a.bytes.compare(b.bytes))
      .map(({ key }) => key);
  }

  async #sayOf(key: string): Promise<void> {
    const stats = await lstat(join(this.directory, key)).catch(() => undefined);
    if (stats) this.skipped.sayOf(key, stats);
  }

  /** Creates the folder again if it was deleted, because the bucket still exists. */
  async ensure(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
  }

  /** A path in the same file system for uploads in progress. */
  temporaryPath(): string {
    return join(this.directory, `.${randomUUID()}.upload`);
  }

  /**
   * Replaces the object with a complete file, if `check` allows it.
   * @throws {S3Error} if the key cannot be a file here
   */
  store(
    key: string,
    temporaryPath: string,
    hashes: Hashes,
    headers: Record<string, string>,
    check: (present: StoredObject | undefined) => void = () => {},
  ): Promise<StoredObject> {
    return this.#oneAtATime(async () => {
      const names = namesToWrite(key);
      check(await this.find(key));
      const path = join(this.directory, ...names);
      await this.#makeFolders(names.slice(0, -1), key);
      await rename(temporaryPath, path).catch((error: NodeJS.ErrnoException) => {
        if (['EISDIR', 'ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code ?? ''))
          throw inTheWay(key, 'folder');
        throw error;
      });
      const stats = await lstat(path, { bigint: true });
      this.#hashes.remember(path, stats, hashes);
      this.#headers.set(key, { versionId: hashes.versionId, headers });
      return this.#object(key, Number(stats.size), Number(stats.mtimeMs), hashes);
    });
  }

  /** Deletes the object, if `check` allows it, and returns it. */
  remove(
    key: string,
    check: (present: StoredObject | undefined) => void = () => {},
  ): Promise<StoredObject | undefined> {
    return this.#oneAtATime(async () => {
      const object = await this.find(key);
      check(object);
      const path = object && (await this.#pathOf(key));
      if (path === undefined) return undefined;
      await rm(path, { force: true });
      this.#hashes.forget(path);
      this.#headers.delete(key);
      return object;
    });
  }

  /** Serializes changes of a key, so that a condition still holds when the file is replaced or deleted. */
  #oneAtATime<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#writing.then(work);
    this.#writing = result.catch(() => {});
    return result;
  }

  #object(key: string, size: number, modifiedMillis: number, { eTag, versionId }: Hashes): StoredObject {
    const kept = this.#headers.get(key);
    const headers = kept?.versionId === versionId ? kept.headers : {};
    return { key, size, lastModified: new Date(modifiedMillis), eTag, versionId, headers };
  }

  /** `undefined` if there is no such file, or if a symbolic link or another spelling is on the path. */
  async #pathOf(key: string): Promise<string | undefined> {
    const names = namesIn(key);
    if (names === undefined) return undefined;
    const path = join(this.directory, ...names);
    return (await realpath(path).catch(() => undefined)) === path ? path : undefined;
  }

  async #makeFolders(names: string[], key: string): Promise<void> {
    let path = this.directory;
    for (const name of names) {
      path = join(path, name);
      const stats = await lstat(path).catch(() => undefined);
      if (stats === undefined) await mkdir(path, { recursive: true });
      else if (!stats.isDirectory()) throw inTheWay(key, stats.isSymbolicLink() ? 'symbolic link' : 'file');
    }
  }
}

function inTheWay(key: string, what: string): S3Error {
  return new S3Error(
    400,
    'InvalidRequest',
    `A ${what} blocks the key ${JSON.stringify(key)}. A folder acts as this bucket, and a name in it cannot be both a file and a folder.`,
    { Key: key },
  );
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    // Non-blocking, because a pipe would wait for a writer.
    return await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EISDIR') return undefined;
    if (code === 'EACCES' || code === 'EPERM')
      throw new S3Error(403, 'AccessDenied', `You have no permission to read ${path}`);
    throw error;
  }
}

/** The entries of a folder; empty if it cannot be read or was deleted in the meantime. */
async function readFolder(directory: string) {
  return readdir(directory, { withFileTypes: true }).catch(() => []);
}
