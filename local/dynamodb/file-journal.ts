/** Keeps tables in a folder: a file of what happened, one line each with its checksum, written before it is answered. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../log';
import { UserError } from '../user-error';
import { crc32 } from './checksum';
import type { Journal, JournalEntry } from './database';
import { internalError } from './dynamodb-error';
import { FolderLock } from './folder-lock';

const NAME = 'tables.log';
const HEADER = 'shared-connection tables 1\n';
const NEWLINE = 0x0a;
/** A checksum in hex and a blank stand before the text. */
const CHECKSUM_CHARACTERS = 9;

/** Files smaller than this are never rewritten. */
const MIN_COMPACTION_BYTES = 32 * 2 ** 20;

/** Writes bytes at a position of a file, like `writeSync`. */
export type Write = (file: number, bytes: Buffer, offset: number, length: number, position: number) => number;

export class FileJournal implements Journal {
  readonly #directory: string;
  readonly #lock: FolderLock;
  readonly #log: Log;
  readonly #write: Write;
  #file: number;
  #bytes: number;
  #compactAt: number;
  #isFailing = false;

  /**
   * Opens the folder, and passes on what it contains.
   * @throws {UserError} if the folder cannot be used, is in use, or contains other files
   */
  static open(options: {
    directory: string;
    log: Log;
    restore(entry: JournalEntry): void;
    /** @default writeSync */
    write?: Write;
  }): FileJournal {
    const { directory, log, restore, write = writeSync } = options;
    const lock = lockOf(directory);
    try {
      const bytes = readKept(directory, log, restore);
      return new FileJournal(directory, lock, log, write, bytes);
    } catch (error) {
      lock.release();
      throw error instanceof UserError ? error : cannotKeep(directory, error);
    }
  }

  private constructor(directory: string, lock: FolderLock, log: Log, write: Write, bytes: number) {
    this.#directory = directory;
    this.#lock = lock;
    this.#log = log;
    this.#write = write;
    this.#file = openSync(join(directory, NAME), 'r+');
    this.#bytes = bytes;
    this.#compactAt = Math.max(MIN_COMPACTION_BYTES, 2 * bytes);
    // Leftovers of an interrupted write.
    ftruncateSync(this.#file, bytes);
  }

  /** @throws {DynamoDbError} if it cannot be stored. Then nothing of it is left, and the next write may succeed. */
  append(entry: JournalEntry, snapshot: () => Iterable<JournalEntry>): void {
    try {
      if (this.#bytes > this.#compactAt) this.#compact(snapshot());
      this.#bytes += this.#writeAll(lineOf(entry), this.#bytes);
      if (this.#isFailing) this.#log.info(`Writes to ${this.#directory} succeed again.`);
      this.#isFailing = false;
    } catch (error) {
      this.#takeBack();
      const reason = (error as Error).message;
      if (!this.#isFailing) {
        this.#log.error(
          `A write to ${this.#directory} failed and was refused: ${reason}. Free some space there. You do not need to restart.`,
        );
      }
      this.#isFailing = true;
      throw internalError(`The write to ${this.#directory} failed: ${reason}`);
    }
  }

  close(): void {
    closeSync(this.#file);
    this.#lock.release();
  }

  #writeAll(bytes: Buffer, position: number, file = this.#file): number {
    for (let done = 0; done < bytes.length; ) {
      done += this.#write(file, bytes, done, bytes.length - done, position + done);
    }
    return bytes.length;
  }

  #takeBack(): void {
    try {
      ftruncateSync(this.#file, this.#bytes);
    } catch {
      // The next write overwrites it, and a start ignores it.
    }
  }

  /** Writes only the current state, into a file that replaces this one. */
  #compact(entries: Iterable<JournalEntry>): void {
    const [path, aside] = [join(this.#directory, NAME), join(this.#directory, `${NAME}.new`)];
    const file = openSync(aside, 'w+');
    let bytes = 0;
    try {
      bytes += this.#writeAll(Buffer.from(HEADER), bytes, file);
      for (const entry of entries) bytes += this.#writeAll(lineOf(entry), bytes, file);
      fsyncSync(file);
      renameSync(aside, path);
    } catch (error) {
      closeSync(file);
      rmSync(aside, { force: true });
      // The existing file is intact. It grows until there is space.
      this.#compactAt = this.#bytes + MIN_COMPACTION_BYTES;
      this.#log.warn(`${path} could not be compacted: ${(error as Error).message}`);
      return;
    }
    closeSync(this.#file);
    this.#file = file;
    this.#bytes = bytes;
    this.#compactAt = Math.max(MIN_COMPACTION_BYTES, 2 * bytes);
  }
}

function lineOf(entry: JournalEntry): Buffer {
  const text = Buffer.from(JSON.stringify(entry));
  return Buffer.concat([Buffer.from(`${checksumOf(text)} `), text, Buffer.from('\n')]);
}

function checksumOf(text: Buffer): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function lockOf(directory: string): FolderLock {
  let lock: FolderLock | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    refuseOtherFormat(directory);
    lock = FolderLock.take(directory);
  } catch (error) {
    throw error instanceof UserError ? error : cannotKeep(directory, error);
  }
  if (lock) return lock;
  throw new UserError(
    `The tables in ${directory} are in use by another runtime. Stop it, or choose another folder.`,
  );
}

/** Earlier versions used LevelDB. */
function refuseOtherFormat(directory: string): void {
  if (existsSync(join(directory, NAME)) || !readdirSync(directory).includes('CURRENT')) return;
  throw new UserError(
    `The tables in ${directory} have the format of an earlier version. Choose another folder, or delete this one; the tables are then created again, without their items.`,
  );
}

function cannotKeep(directory: string, error: unknown): UserError {
  return new UserError(
    `The tables could not be stored in ${directory}: ${(error as Error).message}. Choose a writable folder that contains nothing else.`,
  );
}

/** How many bytes of the file are intact. */
function readKept(directory: string, log: Log, restore: (entry: JournalEntry) => void): number {
  const path = join(directory, NAME);
  rmSync(`${path}.new`, { force: true });
  if (!existsSync(path)) {
    // Replaces the old file only once it is complete.
    const file = openSync(`${path}.new`, 'w');
    writeSync(file, HEADER);
    fsyncSync(file);
    closeSync(file);
    renameSync(`${path}.new`, path);
    return HEADER.length;
  }
  const bytes = readFileSync(path);
  if (bytes.subarray(0, HEADER.length).toString() !== HEADER) throw damaged(path, 1);
  let at = HEADER.length;
  for (let line = 2; at < bytes.length; line += 1) {
    const end = bytes.indexOf(NEWLINE, at);
    if (end < 0) {
      log.warn(
        `${path} ends in the middle of a write. Everything before it was restored: ${line - 2} entries.`,
      );
      break;
    }
    const entry = entryOf(bytes.subarray(at, end));
    if (!entry) throw damaged(path, line);
    restore(entry);
    at = end + 1;
  }
  return at;
}

function entryOf(line: Buffer): JournalEntry | undefined {
  const text = line.subarray(CHECKSUM_CHARACTERS);
  if (line.subarray(0, CHECKSUM_CHARACTERS).toString() !== `${checksumOf(text)} `) return undefined;
  return JSON.parse(text.toString()) as JournalEntry;
}

function damaged(path: string, line: number): UserError {
  return new UserError(
    `${path} is damaged at line ${line}. Restore a copy of the file, or delete it to start with empty tables.`,
  );
}
