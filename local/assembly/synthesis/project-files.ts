/** The files of an app's project that a synthesis may read or write. */
import { execFileSync } from 'node:child_process';
import { readdirSync, type Stats, statSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import type { Synthesis } from './synthesis';

/** Files that package managers write whenever node_modules changes. node_modules itself has too many files to check. */
const INSTALLATION_RECORDS = ['.package-lock.json', '.yarn-integrity', '.yarn-state.yml', '.modules.yaml'];

/** Without Git, an app's command is assumed to write these. */
const USUAL_PRODUCTS = ['build', 'dist', 'coverage'];

/**
 * The files of the project around an app. If the app is in a Git repository, these are the files of the repository,
 * because apps import files from outside their folder.
 */
export class ProjectFiles {
  readonly #outputDirectory: string;
  readonly #dataDirectories: string[];
  readonly #root: string;
  readonly #isRepository: boolean;
  readonly #roots: string[];

  constructor({ workingDirectory, outputDirectory, dataDirectories = [] }: Synthesis) {
    this.#outputDirectory = outputDirectory;
    this.#dataDirectories = dataDirectories;
    const [root] = git(workingDirectory, 'rev-parse', '--show-toplevel');
    this.#isRepository = root !== undefined;
    this.#root = root === undefined ? workingDirectory : resolve(root.trim());
    this.#roots = [...new Set([this.#root, workingDirectory])];
  }

  /** Files that Git sees, files that it ignores (such as .env), and files that reveal changes of node_modules. */
  sources(): string[] {
    const found = this.#isRepository
      ? [...this.#list('-co'), ...this.#list('-oi', '--directory').filter((path) => !path.endsWith('/'))]
      : [this.#root];
    const records = this.#roots.flatMap((root) =>
      INSTALLATION_RECORDS.map((name) => join(root, 'node_modules', name)),
    );
    return [...found.flatMap((path) => this.#filesIn(path)), ...records];
  }

  /** Folders that Git ignores, such as build, except node_modules and hidden folders, where tools keep caches. */
  products(): string[] {
    if (!this.#isRepository) return [];
    return this.#list('-oi', '--directory')
      .filter((path) => path.endsWith('/') && !path.split('/').some(isNoSource))
      .flatMap((path) => this.#filesIn(path));
  }

  /** The folder to watch for changes of the files in `sources`. */
  get root(): string {
    return this.#root;
  }

  /**
   * Whether changes of this path do not matter: packages, hidden folders, the assembly, a run's data, and folders
   * that Git ignores.
   */
  ignores(): (path: string) => boolean {
    const ignored = [
      this.#outputDirectory,
      ...this.#dataDirectories,
      ...this.#list('-oi', '--directory')
        .filter((path) => path.endsWith('/'))
        .map((path) => resolve(this.#root, path)),
      ...(this.#isRepository ? [] : USUAL_PRODUCTS.map((name) => join(this.#root, name))),
    ];
    return (path) =>
      relative(this.#root, path).split(sep).slice(0, -1).some(isNoSource) ||
      basename(path) === 'node_modules' ||
      basename(path) === '.git' ||
      ignored.some((folder) => path === folder || path.startsWith(folder + sep));
  }

  #filesIn(path: string): string[] {
    return filesIn(resolve(this.#root, path), [this.#outputDirectory, ...this.#dataDirectories]);
  }

  #list(...options: string[]): string[] {
    return git(this.#root, 'ls-files', '-z', '--exclude-standard', ...options);
  }
}

/** The output of Git; empty without Git, or if the folder is not in a repository. */
function git(workingDirectory: string, ...args: string[]): string[] {
  try {
    const output = execFileSync('git', args, {
      cwd: workingDirectory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024 * 1024,
    });
    return output.split('\0').filter((path) => path !== '');
  } catch {
    return [];
  }
}

function isNoSource(name: string): boolean {
  return name === 'node_modules' || (name.startsWith('.') && name.length > 1);
}

/** The file itself, or all files in the folder and its subfolders. */
export function filesIn(path: string, except: string[] = []): string[] {
  if (except.some((folder) => path === folder || path.startsWith(folder + sep))) return [];
  if (!statOf(path)?.isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== '.git')
    .flatMap((entry) => {
      const child = join(path, entry.name);
      return entry.isDirectory() ? filesIn(child, except) : [child];
    });
}

/** Undefined if there is no such file, or it cannot be read. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
