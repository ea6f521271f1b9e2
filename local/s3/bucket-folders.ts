/** The folders of buckets: those that the user specified, and `incoming` for the only bucket with notifications. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Bucket } from '../assembly/model';
import { UserError } from '../user-error';

const DEFAULT_FOLDER = 'incoming';

export class BucketFolders {
  readonly #given: { name: string; directory: string }[];
  readonly #defaultDirectory: string;

  /**
   * @param given `NAME=DIR`, relative to the working directory of the command
   * @param home the app's own folder
   * @throws {UserError} if an entry has another form, or its path is not a folder
   */
  constructor(given: string[], home: string) {
    this.#given = given.map(readPair);
    this.#defaultDirectory = join(home, DEFAULT_FOLDER);
  }

  /** All folders that may be used for a bucket. */
  get directories(): string[] {
    return [this.#defaultDirectory, ...this.#given.map(({ directory }) => directory)];
  }

  /**
   * The folders of an app's buckets, by bucket name.
   * @throws {UserError} if a name matches no bucket or several, or if a bucket or folder appears twice
   */
  choose(buckets: Bucket[]): Record<string, string> {
    const chosen: Record<string, string> = {};
    for (const { name, directory } of this.#given) {
      const { bucketName } = bucketNamed(name, buckets);
      const twin = Object.entries(chosen).find(
        ([otherName, other]) => otherName === bucketName || other === directory,
      );
      if (twin) {
        throw new UserError(
          `--bucket ${name}=${directory}: ${twin[1]} is already the folder of the bucket ${twin[0]}. A bucket has one folder, and a folder one bucket.`,
        );
      }
      chosen[bucketName] = directory;
    }
    const [only, ...others] = buckets.filter(({ notifications }) => notifications.length > 0);
    const isFree = !Object.values(chosen).includes(this.#defaultDirectory);
    if (only && others.length === 0 && isFree) chosen[only.bucketName] ??= this.#defaultDirectory;
    return chosen;
  }
}

function readPair(text: string): { name: string; directory: string } {
  const [, name = '', path = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === '')
    throw new UserError(`--bucket ${text} must name a bucket and its folder, as in --bucket files=incoming.`);
  const directory = resolve(path);
  if (existsSync(directory) && !statSync(directory).isDirectory())
    throw new UserError(`--bucket ${text}: ${directory} is a file. Use a folder.`);
  return { name, directory };
}

/** By its name, its path in the app (`Stack/Incoming`), or the end of that path (`Incoming`). */
function bucketNamed(name: string, buckets: Bucket[]): Bucket {
  const placeOf = ({ path }: Bucket) => path.replace(/\/Resource$/, '');
  const found =
    buckets.find(({ bucketName }) => bucketName === name) ??
    only(buckets.filter((bucket) => `/${placeOf(bucket)}`.endsWith(`/${name}`)));
  if (found) return found;
  const known = buckets.map((bucket) => `${bucket.bucketName} (${placeOf(bucket)})`).join(', ') || 'none';
  throw new UserError(
    `--bucket ${name} does not match exactly one bucket of the app. The buckets are: ${known}.`,
  );
}

function only<Item>(items: Item[]): Item | undefined {
  return items.length === 1 ? items[0] : undefined;
}
