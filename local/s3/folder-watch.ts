/** Watches the visible files of a folder, even if the folder itself is deleted and created again. */
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { basename, relative, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Alarm, Clock } from '../clock';
import type { BucketFolder } from './bucket-folder';
import { isHidden } from './object-key';

export interface FolderWatchEvents {
  /** A file was created or changed. It may still be written. */
  changed(key: string): void;
  removed(key: string): void;
  /** The folder and everything in it was deleted. */
  gone(): void;
  /** A folder exists again and is watched. Its new files are reported. */
  back(): void;
  failed(error: unknown): void;
}

/** How often to check whether the folder was replaced, and whether a deleted folder exists again. */
const LOOK_MILLIS = 1_000;
const LOOK_MILLIS_WHILE_GONE = 200;

interface RawDetails {
  watchedPath?: string;
}

export class FolderWatch {
  readonly #bucket: BucketFolder;
  readonly #events: FolderWatchEvents;
  readonly #clock: Clock;
  /** The last known state of each file, by key. When the watch is reopened, only differences are reported. */
  readonly #known = new Map<string, string>();
  /** Files that were deleted since the last check. If the folder itself was deleted, they may be restored with it. */
  readonly #lately = new Map<string, string>();
  readonly #directories = new Set<string>();
  #watcher: FSWatcher | undefined;
  /** The identity of the watched folder. */
  #identity: string | undefined;
  /** A subfolder may have been replaced. */
  #isStale = false;
  #isGone = false;
  #look: Alarm | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isStopped = false;

  /** Resolves once all future changes will be reported. Existing files are not. */
  static async start(bucket: BucketFolder, events: FolderWatchEvents, clock: Clock): Promise<FolderWatch> {
    const folder = new FolderWatch(bucket, events, clock);
    folder.#identity = await identityOf(bucket.directory);
    await folder.#open({ isFirst: true });
    folder.#lookIn(LOOK_MILLIS);
    return folder;
  }

  private constructor(bucket: BucketFolder, events: FolderWatchEvents, clock: Clock) {
    this.#bucket = bucket;
    this.#events = events;
    this.#clock = clock;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#look?.cancel();
    await this.#looking;
    await this.#watcher?.close();
  }

  #lookIn(milliseconds: number): void {
    this.#look?.cancel();
    if (this.#isStopped) return;
    this.#look = this.#clock.after(milliseconds, () => {
      this.#looking = this.#lookAtFolder().catch((error: unknown) => this.#events.failed(error));
    });
  }

  async #lookAtFolder(): Promise<void> {
    const identity = await identityOf(this.#bucket.directory);
    if (identity === undefined) await this.#forget();
    else if (identity !== this.#identity || this.#isStale || this.#isGone) await this.#openAnew(identity);
    else this.#lately.clear();
    // If something was found during this check, check again soon.
    this.#lookIn(this.#isGone || this.#isStale ? LOOK_MILLIS_WHILE_GONE : LOOK_MILLIS);
  }

  async #forget(): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#events.gone();
    await this.#watcher?.close();
    for (const key of this.#known.keys()) this.#events.removed(key);
  }

  async #openAnew(identity: string): Promise<void> {
    const isOther = this.#isGone || identity !== this.#identity;
    this.#isGone = false;
    this.#isStale = false;
    this.#identity = identity;
    await this.#watcher?.close();
    // Files that are restored unchanged are not new.
    for (const [key, state] of this.#lately) if (!this.#known.has(key)) this.#known.set(key, state);
    this.#lately.clear();
    await this.#open({ isFirst: false });
    if (isOther) this.#events.back();
  }

  async #open({ isFirst }: { isFirst: boolean }): Promise<void> {
    const { directory, skipped } = this.#bucket;
    this.#directories.clear();
    const seen = new Set<string>();
    let isReady = false;
    const watcher = watch(directory, {
      alwaysStat: true,
      followSymlinks: false,
      // Reports a file that is replaced by renaming immediately. Whether a file was deleted is checked anyway.
      atomic: false,
      ignored: (path) => this.#namesOf(path).some(isHidden),
    });
    this.#watcher = watcher;
    watcher.on('add', (path, stats) => {
      const key = this.#keyOf(path);
      seen.add(key);
      const isKnown = !isReady && this.#known.get(key) === stateOf(stats);
      this.#see(key, stats, !isKnown && !(isFirst && !isReady));
    });
    watcher.on('change', (path, stats) => this.#see(this.#keyOf(path), stats, true));
    watcher.on('unlink', (path) => {
      const key = this.#keyOf(path);
      this.#lately.set(key, this.#known.get(key) ?? '');
      this.#known.delete(key);
      this.#events.removed(key);
    });
    watcher.on('addDir', (path) => {
      this.#directories.add(path);
      void skipped.inspect(path);
    });
    watcher.on('raw', (event, name, details) => this.#onRaw(event, name, details as RawDetails));
    watcher.on('error', (error) => this.#events.failed(error));
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
    isReady = true;
    for (const key of [...this.#known.keys()].filter((one) => !seen.has(one))) {
      this.#known.delete(key);
      this.#events.removed(key);
    }
  }

  #see(key: string, stats: Stats | undefined, isNew: boolean): void {
    this.#known.set(key, stateOf(stats));
    if (stats && this.#bucket.skipped.sayOf(key, stats)) return;
    if (isNew) this.#events.changed(key);
  }

  /**
   * When a watched folder is deleted or moved, the system reports an event with the folder's own name. chokidar (4.0)
   * does not notice if another folder takes its place, so the watch is reopened. A replacement character in a name
   * means that the name is not UTF-8.
   */
  #onRaw(event: string, name: string | null, { watchedPath }: RawDetails): void {
    if (watchedPath === undefined || name === null) return;
    if (name.includes('\ufffd')) void this.#bucket.skipped.inspect(watchedPath);
    const isOwnEnd =
      event === 'rename' && name === basename(watchedPath) && this.#directories.has(watchedPath);
    if (!isOwnEnd || this.#isStale || this.#isGone) return;
    this.#isStale = true;
    this.#lookIn(LOOK_MILLIS_WHILE_GONE);
  }

  #namesOf(path: string): string[] {
    return relative(this.#bucket.directory, path).split(sep);
  }

  #keyOf(path: string): string {
    return this.#namesOf(path).join('/');
  }
}

/** Includes the time of creation, because file systems reuse the inode number of a deleted folder. */
async function identityOf(directory: string): Promise<string | undefined> {
  const stats = await lstat(directory, { bigint: true }).catch(() => undefined);
  return stats?.isDirectory() ? `${stats.dev} ${stats.ino} ${stats.birthtimeNs}` : undefined;
}

function stateOf(stats: Stats | undefined): string {
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}` : '';
}
