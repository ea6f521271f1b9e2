/** Whether the assembly in a folder is up to date: a hash over everything that may affect a synthesis. */
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, type Json, type JsonObject, textAt } from '../values/json';
import { filesIn, ProjectFiles, statOf } from './project-files';
import type { Synthesis } from './synthesis';

/** Stored next to the manifest. */
export const FINGERPRINT_FILE = 'fingerprint.json';

/** Checking more files would take longer than a synthesis. */
const MAX_FILES = 20_000;

/** Variables of a terminal session, or of the package manager that starts the command. An app may read any other. */
const SESSION_VARIABLES =
  /^(_|npm_.*|INIT_CWD|NODE|PWD|OLDPWD|SHLVL|TERM.*|COLORTERM|COLUMNS|LINES|WINDOWID|DISPLAY|TMUX.*|STY|SSH_.*|XDG_.*|DBUS_.*|VSCODE_.*|NO_COLOR|FORCE_COLOR)$/;

/** The sources of a synthesis at one moment. Create it before the synthesis, so that later changes are noticed. */
export class Fingerprint {
  readonly #synthesis: Synthesis;
  readonly #projectFiles: ProjectFiles;
  /** Undefined if there are too many files to check. */
  readonly #sources: string | undefined;

  static of(synthesis: Synthesis): Fingerprint {
    return new Fingerprint(synthesis, new ProjectFiles(synthesis));
  }

  private constructor(synthesis: Synthesis, projectFiles: ProjectFiles) {
    this.#synthesis = synthesis;
    this.#projectFiles = projectFiles;
    this.#sources = digest((hash) => {
      const { command, workingDirectory, context, environment = process.env } = synthesis;
      const variables = Object.entries(environment)
        .filter(([name]) => !SESSION_VARIABLES.test(name))
        .sort(([a], [b]) => (a < b ? -1 : 1));
      hash.update(JSON.stringify([command, workingDirectory, context, process.version, variables]));
      return projectFiles.sources();
    });
  }

  /** What the app printed when it wrote the existing assembly; undefined if it must be synthesized. */
  matching(): { printed: string } | undefined {
    const record = readRecord(this.#file);
    const products = record && this.#products();
    const matches =
      products !== undefined &&
      this.#sources !== undefined &&
      textAt(record, 'sources') === this.#sources &&
      textAt(record, 'products') === products;
    return matches ? { printed: textAt(record, 'printed') ?? '' } : undefined;
  }

  /** Makes the assembly out of date. */
  clear(): void {
    rmSync(this.#file, { force: true });
  }

  /** Call only after a successful synthesis. */
  record(printed: string): void {
    const products = this.#products();
    if (this.#sources === undefined || products === undefined) return;
    writeFileSync(this.#file, `${JSON.stringify({ sources: this.#sources, products, printed })}\n`);
  }

  get #file(): string {
    return join(this.#synthesis.outputDirectory, FINGERPRINT_FILE);
  }

  /**
   * A hash of the assembly and of what the app's command may have built elsewhere, because other programs may change
   * both later.
   */
  #products(): string | undefined {
    return digest(() => [
      ...filesIn(this.#synthesis.outputDirectory).filter((file) => file !== this.#file),
      ...this.#projectFiles.products(),
    ]);
  }
}

/**
 * Compares size and times. Tools can reset a file's modification time, but its change time always follows its
 * content.
 */
function digest(list: (hash: Hash) => string[]): string | undefined {
  const hash = createHash('sha256');
  const files = [...new Set(list(hash))].sort();
  if (files.length > MAX_FILES) return undefined;
  for (const file of files) {
    const stats = statOf(file);
    hash.update(`\n${file}\0${stats ? `${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}` : 'none'}`);
  }
  return hash.digest('hex');
}

function readRecord(file: string): JsonObject | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Json;
    return isObject(record) ? record : undefined;
  } catch {
    return undefined;
  }
}
