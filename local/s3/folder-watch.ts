/** What happens to the visible files of a folder, whoever does it. */
import { relative, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { BucketFolder } from './bucket-folder';
import { isHidden } from './object-key';

export interface FolderWatchEvents {
  /** A file is there, or has changed; it may still be written. */
  changed(key: string): void;
  removed(key: string): void;
  failed(error: unknown): void;
}

export class FolderWatch {
  readonly #watcher: FSWatcher;

  /** Resolves once everything that happens from now on is told; files that are there already are not. */
  static async start(bucket: BucketFolder, events: FolderWatchEvents): Promise<FolderWatch> {
    const { directory } = bucket;
    const namesOf = (path: string) => relative(directory, path).split(sep);
    const keyOf = (path: string) => namesOf(path).join('/');
    const watcher = watch(directory, {
      ignoreInitial: true,
      followSymlinks: false,
      // A file that is replaced by renaming is told of at once; whether it has gone is looked up anyway.
      atomic: false,
      ignored: (path) => namesOf(path).some(isHidden),
    });
    watcher.on('add', (path) => events.changed(keyOf(path)));
    watcher.on('change', (path) => events.changed(keyOf(path)));
    watcher.on('unlink', (path) => events.removed(keyOf(path)));
    watcher.on('error', (error) => events.failed(error));
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
    return new FolderWatch(watcher);
  }

  private constructor(watcher: FSWatcher) {
    this.#watcher = watcher;
  }

  stop(): Promise<void> {
    return this.#watcher.close();
  }
}
