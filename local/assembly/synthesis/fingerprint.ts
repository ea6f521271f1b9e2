/** Whether the assembly in a folder is still what a synthesis would write: a hash over all that may go into it. */
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, type Json, type JsonObject, textAt } from '../values/json';
import { filesIn, ProjectFiles, statOf } from './project-files';
import type { Synthesis } from './synthesis';

/** Beside the manifest. */
export const FINGERPRINT_FILE = 'fingerprint.json';

/** More would take longer to look at than an app takes to synthesize. */
const MAX_FILES = 20_000;

/** Variables of a terminal's session, or of the package manager that starts the command. An app may read any other. */
const SESSION_VARIABLES =
  /^(_|npm_.*|INIT_CWD|NODE|PWD|OLDPWD|SHLVL|TERM.*|COLORTERM|COLUMNS|LINES|WINDOWID|DISPLAY|TMUX.*|STY|SSH_.*|XDG_.*|DBUS_.*|VSCODE_.*|NO_COLOR|FORCE_COLOR)$/;

/** The sources of a synthesis at one moment. Take it before the synthesis: what changes meanwhile is then noticed. */
export class Fingerprint {
  readonly #synthesis: Synthesis;
  readonly #projectFiles: ProjectFiles;
  /** Undefined if there is too much to look at. */
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

  /** What the app printed when it wrote the assembly that is there; undefined if it must be synthesized. */
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

  /** No assembly counts as synthesized from here on. */
  clear(): void {
    rmSync(this.#file, { force: true });
  }

  /** After a successful synthesis only. */
  record(printed: string): void {
    const products = this.#products();
    if (this.#sources === undefined || products === undefined) return;
    writeFileSync(this.#file, `${JSON.stringify({ sources: this.#sources, products, printed })}\n`);
  }

  get #file(): string {
    return join(this.#synthesis.outputDirectory, FINGERPRINT_FILE);
  }

  /** The assembly, and what the app's command may have built elsewhere. Somebody else may change either later on. */
  #products(): string | undefined {
    return digest(() => [
      ...filesIn(this.#synthesis.outputDirectory).filter((file) => file !== this.#file),
      ...this.#projectFiles.products(),
    ]);
  }
}

/** By size and times: a file's change time moves with its content, whatever a tool does to the other one. */
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
