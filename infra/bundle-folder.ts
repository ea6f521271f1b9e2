/** Updates a bundle's folder in place, so that a process that copies it at the same time finds each file whole. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface BundleFile {
  /** Absolute. */
  path: string;
  contents: Uint8Array;
}

/** Writes files that are missing or different, and deletes all others. */
export function fillFolder(folder: string, files: BundleFile[]): void {
  for (const file of files) writeWhole(file);
  if (!existsSync(folder)) return;
  const kept = new Set(files.map(({ path }) => path));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && !kept.has(path)) rmSync(path, { force: true });
  }
}

/** Leaves unchanged files alone. */
export function writeWhole({ path, contents }: BundleFile): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  // Outside of the folder, so that no copy of the folder contains it.
  const temporary = `${dirname(path)}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}
