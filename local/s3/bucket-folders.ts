/** Which folder stands for which bucket of an app: those that people name, and `incoming` for the only one that functions hear of. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Bucket } from '../assembly/model';
import { UserError } from '../user-error';

const DEFAULT_FOLDER = 'incoming';

export class BucketFolders {
  readonly #given: { name: string; directory: string }[];
  readonly #defaultDirectory: string;

  /**
   * @param given `NAME=DIR`, the folder from where the command runs.
   * @param home the app's own folder.
   * @throws {UserError} if one of them has another form, or is no folder.
   */
  constructor(given: string[], home: string) {
    this.#given = given.map(readPair);
    this.#defaultDirectory = join(home, DEFAULT_FOLDER);
  }

  /** Every folder that may turn out to stand for a bucket. */
  get directories(): string[] {
    return [this.#defaultDirectory, ...this.#given.map(({ directory }) => directory)];
  }

  /**
   * The folders of an app's buckets, by the names of these.
   * @throws {UserError} if a name means none of the buckets, or several, or a bucket or folder is given twice.
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
          `--bucket ${name}=${directory}: ${twin[1]} stands for the bucket ${twin[0]} already. A bucket has one folder, and a folder one bucket.`,
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
    throw new UserError(`--bucket ${text}: give a bucket and its folder, as in --bucket files=incoming.`);
  const directory = resolve(path);
  if (existsSync(directory) && !statSync(directory).isDirectory())
    throw new UserError(`--bucket ${text}: ${directory} is a file. Give a folder.`);
  return { name, directory };
}

/** By its name, its place in the app (`Stack/Incoming`), or the end of that (`Incoming`). */
function bucketNamed(name: string, buckets: Bucket[]): Bucket {
  const placeOf = ({ path }: Bucket) => path.replace(/\/Resource$/, '');
  const found =
    buckets.find(({ bucketName }) => bucketName === name) ??
    only(buckets.filter((bucket) => `/${placeOf(bucket)}`.endsWith(`/${name}`)));
  if (found) return found;
  const known = buckets.map((bucket) => `${bucket.bucketName} (${placeOf(bucket)})`).join(', ') || 'none';
  throw new UserError(
    `--bucket ${name}: that names none or several of the app's buckets. There are: ${known}.`,
  );
}

function only<Item>(items: Item[]): Item | undefined {
  return items.length === 1 ? items[0] : undefined;
}
