/** The app from its current sources. Synthesizes the assembly when needed, one synthesis at a time. */

import type { App } from '../assembly/model';
import { type ReadSettings, readAssembly } from '../assembly/read-assembly';
import type { AppSource } from '../assembly/synthesis/app-source';
import { Fingerprint } from '../assembly/synthesis/fingerprint';
import { synthesize } from '../assembly/synthesis/synthesis';

export interface ReadOptions {
  /** Synthesize even if nothing has changed. */
  isFresh?: boolean;
  /** Called before each synthesis. */
  onSynthesis?(command: string): void;
}

export interface AppReaderOptions {
  source: AppSource;
  settings: ReadSettings;
  /** Prints the app's own output, unless it is the same as last time. */
  print(text: string): void;
  /** Stops a synthesis that is running. */
  signal: AbortSignal;
}

export class AppReader {
  readonly #source: AppSource;
  readonly #settings: ReadSettings;
  readonly #print: (text: string) => void;
  readonly #signal: AbortSignal;
  #printed: string | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ source, settings, print, signal }: AppReaderOptions) {
    this.#source = source;
    this.#settings = settings;
    this.#print = print;
    this.#signal = signal;
  }

  /** @throws {UserError} if the app has an error */
  read(options: ReadOptions = {}): Promise<App> {
    const app = this.#turn.then(async () => readAssembly(await this.#assembly(options), this.#settings));
    this.#turn = app.catch(() => undefined);
    return app;
  }

  /** The folder of the assembly. */
  async #assembly({ isFresh = false, onSynthesis }: ReadOptions): Promise<string> {
    if (this.#source.kind === 'assembly') return this.#source.directory;
    const { synthesis } = this.#source;
    const { command, outputDirectory } = synthesis;
    const fingerprint = Fingerprint.of(synthesis);
    const earlier = isFresh ? undefined : fingerprint.matching();
    if (earlier) {
      this.#pass(earlier.printed);
      return outputDirectory;
    }
    onSynthesis?.(command);
    fingerprint.clear();
    const output = await synthesize({ ...synthesis, signal: this.#signal });
    fingerprint.record(output);
    this.#pass(output);
    return outputDirectory;
  }

  #pass(printed: string): void {
    if (printed !== '' && printed !== this.#printed) this.#print(`${printed}\n`);
    this.#printed = printed;
  }
}
