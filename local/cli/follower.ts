/**
 * Brings a run up to date with its sources: pages immediately, functions once they are bundled, the rest of the app
 * after a synthesis.
 */
import { Bundles } from '../assembly/functions/bundles';
import type { App } from '../assembly/model';
import type { PageReload } from '../endpoint/page-reload';
import { UserError } from '../user-error';
import type { Difference } from './differences';
import type { Session } from './session';

/** Editors write in several steps, and users save several files. Changes within this time are handled together. */
const SETTLE_MILLIS = 50;

/** If the bundles have already applied a change, a synthesis only confirms it. It waits for a pause between saves. */
const CONFIRM_MILLIS = 1_000;

/** Saves that were not handled yet. */
interface Changes {
  paths: Set<string>;
  /** Files that did not exist before. */
  added: Set<string>;
  since: number;
}

export class Follower {
  readonly #session: Session;
  readonly #pages: PageReload;
  readonly #bundles: Bundles;
  #changes: Changes | undefined;
  #settling: NodeJS.Timeout | undefined;
  #pagesSettling: NodeJS.Timeout | undefined;
  #restarts = false;
  #isAtWork = false;
  #isBroken = false;
  /** The time of the first save that still needs a synthesis. */
  #unsynthesizedSince: number | undefined;
  #confirming: NodeJS.Timeout | undefined;
  /** Counts saves. A synthesis is not applied if there was another save in the meantime. */
  #saves = 0;
  #reading: 'no' | 'yes' | 'again' = 'no';
  #read: { app: App; saves: number; since: number } | undefined;

  constructor(session: Session, pages: PageReload, workingDirectory: string) {
    this.#session = session;
    this.#pages = pages;
    this.#bundles = new Bundles(workingDirectory);
  }

  /** Finds the source files of the functions. */
  async begin(): Promise<void> {
    await this.#attempt(async () => {
      const { app } = this.#session;
      if (!app) return;
      this.#bundles.adopt(app.functions);
      await this.#replaceFunctions();
    });
  }

  /** @param event chokidar's, such as `change` */
  changed(event: string, path: string): void {
    this.#changes ??= { paths: new Set(), added: new Set(), since: performance.now() };
    const { paths, added } = this.#changes;
    if (event === 'add') added.add(path);
    // Some editors write a temporary file first. A file that is created and deleted immediately is not a source.
    if (event === 'unlink' && added.has(path)) paths.delete(path);
    else paths.add(path);
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#work(), SETTLE_MILLIS);
  }

  /** A page may also be part of a function. */
  pageChanged(event: string, path: string): void {
    const since = performance.now();
    clearTimeout(this.#pagesSettling);
    this.#pagesSettling = setTimeout(() => {
      this.#pages.reload();
      this.#session.say(`Pages reloaded ${after(since)}`);
    }, SETTLE_MILLIS);
    if (this.#bundles.isInput(path)) this.changed(event, path);
  }

  restart(): void {
    this.#restarts = true;
    void this.#work();
  }

  /** Runs one thing at a time: first what the user asks for, then what is fast. */
  async #work(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    for (let job = this.#nextJob(); job; job = this.#nextJob()) await this.#attempt(job);
    this.#isAtWork = false;
  }

  #nextJob(): (() => Promise<void>) | undefined {
    if (this.#restarts) {
      this.#restarts = false;
      return () => this.#restart();
    }
    const changes = this.#changes;
    if (changes) {
      this.#changes = undefined;
      return () => this.#follow(changes);
    }
    const read = this.#read;
    this.#read = undefined;
    // After another save, the synthesis runs again.
    return read && read.saves === this.#saves ? () => this.#apply(read.app, read.since) : undefined;
  }

  async #attempt(job: () => Promise<void>): Promise<void> {
    try {
      await job();
    } catch (error) {
      if (this.#session.isStopping) return;
      if (!(error instanceof UserError)) throw error;
      this.#isBroken = true;
      const rest = this.#session.isRunning
        ? 'The previous version keeps running.'
        : 'Nothing is running. Press r to try again.';
      this.#session.complain(`${error.message}\n${rest}`);
    }
  }

  async #restart(): Promise<void> {
    const since = performance.now();
    const app = await this.#session.read();
    await this.#session.restart({ ...app, functions: this.#bundles.adopt(app.functions) });
    this.#isBroken = false;
    this.#unsynthesizedSince = undefined;
    this.#session.say(`Restarted in ${seconds(since)}`);
  }

  async #follow({ paths, since }: Changes): Promise<void> {
    if (paths.size === 0) return;
    this.#saves += 1;
    const isBundled = [...paths].every((path) => this.#bundles.isInput(path));
    if (this.#isBroken) this.#unsynthesizedSince &&= since;
    if (!isBundled) this.#unsynthesizedSince ??= since;
    const hasReplaced = await this.#replaceFunctions(paths);
    if (hasReplaced) this.#say(`Functions replaced ${after(since)}`);
    else if (isBundled) this.#say(`No change in the functions, ${after(since)}`);
    clearTimeout(this.#confirming);
    if (!isBundled) this.#synthesize(since);
    else this.#confirming = setTimeout(() => this.#synthesize(since), CONFIRM_MILLIS);
  }

  /** @param paths the changed files. @default any file */
  async #replaceFunctions(paths?: Set<string>): Promise<boolean> {
    const { app } = this.#session;
    if (!app) return false;
    const functions = await this.#bundles.build(app.functions, paths);
    const found = await this.#session.update({ ...app, functions });
    return found.length > 0;
  }

  /** Runs in the background, so that it does not delay other saves. */
  #synthesize(since: number): void {
    if (this.#reading !== 'no') {
      this.#reading = 'again';
      return;
    }
    this.#reading = 'yes';
    const saves = this.#saves;
    void this.#attempt(async () => {
      const app = await this.#session.read().catch((error: unknown) => {
        this.#unsynthesizedSince ??= since;
        throw error;
      });
      this.#read = { app, saves, since };
    }).then(() => {
      const isWanted = this.#reading === 'again';
      this.#reading = 'no';
      if (isWanted) this.#synthesize(since);
      void this.#work();
    });
  }

  async #apply(app: App, since: number): Promise<void> {
    const isAsked = this.#unsynthesizedSince !== undefined;
    const asked = this.#unsynthesizedSince ?? since;
    const found = await this.#session.update({ ...app, functions: this.#bundles.adopt(app.functions) });
    this.#unsynthesizedSince = undefined;
    if (found.length > 0) this.#say(inWords(found, asked));
    else if (isAsked) this.#say(`No change in the app, ${after(asked)}`);
    // Updates the source files of the functions.
    if (found.length > 0) await this.#replaceFunctions();
  }

  /** Adds that an error is fixed, once nothing is left to check. */
  #say(text: string): void {
    const isFixed = this.#isBroken && this.#unsynthesizedSince === undefined;
    if (isFixed) this.#isBroken = false;
    this.#session.say(isFixed ? `Fixed. ${text}` : text);
  }
}

function inWords(found: Difference[], since: number): string {
  const waiting = found.filter(({ kind }) => kind === 'needs restart');
  if (waiting.length > 0) {
    return `These changes need a restart, which closes all sockets. Nothing is applied until you press r:${lines(waiting)}`;
  }
  if (found.every(({ kind }) => kind === 'code')) return `Functions replaced ${after(since)}`;
  return `Applied ${after(since)}; sockets stay open:${lines(found)}`;
}

function lines(found: Difference[]): string {
  return found.map(({ text }) => `\n  ${text}`).join('');
}

function after(since: number): string {
  return `${seconds(since)} after the save`;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`;
}
