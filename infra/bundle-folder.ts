/** A bundle's folder, brought up to date in place: whoever copies it at the same time finds each file whole. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface BundleFile {
  /** Absolute. */
  path: string;
  contents: Uint8Array;
}

/** Writes the files that are not there as they should be, and deletes what else is in the folder. */
export function fillFolder(folder: string, files: BundleFile[]): void {
  for (const file of files) writeWhole(file);
  if (!existsSync(folder)) return;
  const kept = new Set(files.map(({ path }) => path));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && !kept.has(path)) rmSync(path, { force: true });
  }
}

/** Leaves a file alone that is as it should be. */
export function writeWhole({ path, contents }: BundleFile): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  // Outside of the folder, so that no copy of that holds it.
  const temporary = `${dirname(path)}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}
