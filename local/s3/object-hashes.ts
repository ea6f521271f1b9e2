/**
 * The hashes of files: an object's ETag is the MD5 of its content, its version the SHA-256. Each file is read once
 * for both.
 */
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

export interface Hashes {
  /** Hexadecimal, without quotes. */
  eTag: string;
  versionId: string;
}

const READ_BYTES = 256 * 1024;

export class ObjectHashes {
  /** By path. An entry is valid while the properties of the file that change with its content stay the same. */
  readonly #known = new Map<string, Hashes & { state: string }>();

  async of(path: string, file: FileHandle, stats: BigIntStats): Promise<Hashes> {
    const known = this.#known.get(path);
    if (known?.state === stateOf(stats)) return known;
    const hashes = await hashFile(file);
    // If the file was written in the meantime, the hashes may match neither content.
    if (stateOf(await file.stat({ bigint: true })) === stateOf(stats)) this.remember(path, stats, hashes);
    return hashes;
  }

  remember(path: string, stats: BigIntStats, { eTag, versionId }: Hashes): void {
    this.#known.set(path, { eTag, versionId, state: stateOf(stats) });
  }

  forget(path: string): void {
    this.#known.delete(path);
  }
}

function stateOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

async function hashFile(file: FileHandle): Promise<Hashes> {
  const [md5, sha256] = [createHash('md5'), createHash('sha256')];
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    md5.update(buffer.subarray(0, bytesRead));
    sha256.update(buffer.subarray(0, bytesRead));
  }
  return { eTag: md5.digest('hex'), versionId: sha256.digest('hex') };
}
