/** Rebuilds functions without a synthesis, if their app has recorded how it bundles them. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { type BuildContext, type BuildFailure, type BuildOptions, context, formatMessages } from 'esbuild';
import { UserError } from '../../user-error';
import type { LambdaFunction } from '../model';
import { shorten } from '../synthesis/app-error';
import { filesIn, statOf } from '../synthesis/project-files';

/** Records: `build/chat.esbuild.json` has the esbuild options that made the folder `build/chat`. */
const BUILD_DIRECTORY = 'build';
const RECORD = '.esbuild.json';

/** Environments that started with an earlier build may still load parts of it. */
const KEPT_BUILDS = 2;

export class Bundles {
  readonly #workingDirectory: string;
  #bundles: Bundle[] = [];

  constructor(workingDirectory: string) {
    this.#workingDirectory = workingDirectory;
    process.on('exit', () => this.close());
  }

  /** Deletes everything that was built. */
  close(): void {
    for (const bundle of this.#bundles.splice(0)) bundle.forget();
  }

  /**
   * Finds the functions of a synthesis that come from a known bundle: their code is a copy of it. If the same code
   * was already built here, they keep that folder.
   */
  adopt(functions: LambdaFunction[]): LambdaFunction[] {
    this.#read();
    const filled = this.#bundles.map((bundle) => bundle.adopt());
    if (filled.length === 0) return functions;
    return functions.map((lambdaFunction) => {
      const code = digest(contentOf(lambdaFunction.codeDirectory));
      const [bundle, twin] = this.#bundles.filter((_, index) => filled[index] === code);
      // If two are identical, their origin is ambiguous.
      if (twin) return lambdaFunction;
      bundle?.functionNames.add(lambdaFunction.functionName);
      return { ...lambdaFunction, codeDirectory: bundle?.newestFolder ?? lambdaFunction.codeDirectory };
    });
  }

  /**
   * The functions with code built from their current sources.
   * @param changed builds only what uses one of these files. @default everything
   * @throws {UserError} with the place in the source, if one cannot be bundled
   */
  async build(functions: LambdaFunction[], changed?: Iterable<string>): Promise<LambdaFunction[]> {
    const paths = changed && [...changed];
    const used = this.#bundles.filter(({ functionNames }) => functionNames.size > 0);
    const stale = used.filter(({ inputs }) => !paths || paths.some((path) => inputs.has(path)));
    await Promise.all(stale.map((bundle) => bundle.build()));
    return functions.map((lambdaFunction) => {
      const bundle = used.find(({ functionNames }) => functionNames.has(lambdaFunction.functionName));
      return { ...lambdaFunction, codeDirectory: bundle?.newestFolder ?? lambdaFunction.codeDirectory };
    });
  }

  /** Whether a bundle in use was made from this file, among others. */
  isInput(path: string): boolean {
    return this.#bundles.some(({ functionNames, inputs }) => functionNames.size > 0 && inputs.has(path));
  }

  /** Keeps unchanged bundles, with everything that is known about them. */
  #read(): void {
    const folder = join(this.#workingDirectory, BUILD_DIRECTORY);
    const files = statOf(folder) ? filesIn(folder).filter((file) => file.endsWith(RECORD)) : [];
    const earlier = this.#bundles;
    this.#bundles = files.map((file) => {
      const record = readFileSync(file, 'utf8');
      return (
        earlier.find((bundle) => bundle.file === file && bundle.record === record) ??
        new Bundle(file, record, this.#workingDirectory)
      );
    });
    for (const bundle of earlier) {
      if (!this.#bundles.includes(bundle)) bundle.forget();
    }
  }
}

/** A folder of code, its record, and the latest build from its sources. */
class Bundle {
  /** The functions that use this code. */
  readonly functionNames = new Set<string>();
  /** Absolute paths. */
  inputs = new Set<string>();
  /** The folder of the latest build, if there is one. */
  newestFolder: string | undefined;
  #newest: string | undefined;
  #context: BuildContext | undefined;
  readonly #home = mkdtempSync(join(tmpdir(), 'bundle-'));
  readonly #folders: string[] = [];

  constructor(
    readonly file: string,
    readonly record: string,
    private readonly workingDirectory: string,
  ) {}

  /** Reads the folder that the app itself has written, and returns a digest of its content. */
  adopt(): string {
    const filled = digest(contentOf(this.#folder));
    if (filled !== this.#newest) this.newestFolder = undefined;
    this.#newest = filled;
    this.functionNames.clear();
    return filled;
  }

  async build(): Promise<void> {
    this.#context ??= await context({
      ...(JSON.parse(this.record) as BuildOptions),
      ...{ absWorkingDir: this.workingDirectory, write: false, metafile: true, logLevel: 'silent' },
    });
    const { outputFiles = [], metafile } = await this.#context
      .rebuild()
      .catch(async (error: BuildFailure) => {
        throw await this.#mistake(error);
      });
    this.inputs = new Set(
      Object.keys(metafile?.inputs ?? {}).map((path) => join(this.workingDirectory, path)),
    );
    const content = outputFiles.map(({ path, contents }): [string, Uint8Array] => [
      relative(this.#folder, path),
      contents,
    ]);
    const built = digest(content);
    if (built === this.#newest) return;
    this.#newest = built;
    this.newestFolder = this.#write(content);
  }

  /** Stops builds, and deletes their results. */
  forget(): void {
    void this.#context?.dispose();
    rmSync(this.#home, { recursive: true, force: true });
  }

  get #folder(): string {
    return this.file.slice(0, -RECORD.length);
  }

  #write(content: [string, Uint8Array][]): string {
    const folder = mkdtempSync(join(this.#home, 'build-'));
    for (const [path, bytes] of content) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    this.#folders.push(folder);
    for (const old of this.#folders.splice(0, this.#folders.length - KEPT_BUILDS)) {
      rmSync(old, { recursive: true, force: true });
    }
    return folder;
  }

  async #mistake(failure: BuildFailure): Promise<Error> {
    if (!Array.isArray(failure.errors)) return failure;
    const shown = await formatMessages(failure.errors, { kind: 'error', color: false });
    const name = relative(join(this.workingDirectory, BUILD_DIRECTORY), this.#folder);
    return new UserError(
      `${name} could not be bundled: ${shorten(`${shown.join('')}\n${failure.message}`, this.workingDirectory)}`,
    );
  }
}

function contentOf(folder: string): [path: string, bytes: Uint8Array][] {
  if (!statOf(folder)?.isDirectory()) return [];
  return filesIn(folder).map((file) => [relative(folder, file), readFileSync(file)]);
}

function digest(content: [path: string, bytes: Uint8Array][]): string {
  const hash = createHash('sha256');
  const sorted = [...content].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path, bytes] of sorted)
    hash.update(`${path.split(sep).join('/')}\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex');
}
