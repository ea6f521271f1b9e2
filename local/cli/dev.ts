/** The command `dev`: an app on this machine that follows its sources. */
import { watch } from 'chokidar';
import { ProjectFiles } from '../assembly/project-files';
import { UserError } from '../user-error';
import { onKeys } from './keys';
import { Session, type SessionOptions } from './session';
import { onStop } from './stop-signals';

/** Editors write in several steps, and people save several files: changes of this time are taken together. */
const SETTLE_MILLIS = 50;

const HELP = 'Keys: r restart, q quit, h help';

/** Resolves once the runtime is up, and its sources are watched. It then runs until Ctrl-C, SIGTERM or `q`. */
export async function dev(options: SessionOptions): Promise<void> {
  const session = new Session(options);
  if (session.source.kind === 'assembly') {
    throw new UserError(
      `dev follows an app's sources, and ${session.source.directory} is what was made of them. Give the folder of the app or its command, or run \`start\`.`,
    );
  }
  onStop(() => void session.stop());
  await session.open();
  const follower = new Follower(session);
  const projectFiles = new ProjectFiles(session.source.synthesis);
  const ignores = projectFiles.ignores();
  const { webDirectory } = session;
  const watcher = watch(projectFiles.root, {
    ignoreInitial: true,
    // Pages are read anew for each request.
    ignored: (path) => path === webDirectory || ignores(path),
  });
  watcher.on('all', () => follower.changed());
  watcher.on('error', (error) => session.say(`Changes are not seen any more: ${String(error)}`));
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  const hasKeys = onKeys({
    r: () => follower.restart(),
    q: () => void session.stop(),
    h: () => session.say(HELP),
  });
  session.say(`Watching ${projectFiles.root}${hasKeys ? `\n${HELP}` : ''}`);
}

/** Brings the run up to the sources, one change at a time. */
class Follower {
  readonly #session: Session;
  #timer: NodeJS.Timeout | undefined;
  #savedAt: number | undefined;
  #restarts = false;
  #isAtWork = false;

  constructor(session: Session) {
    this.#session = session;
  }

  changed(): void {
    this.#savedAt ??= performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#work(), SETTLE_MILLIS);
  }

  restart(): void {
    this.#restarts = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    while (this.#restarts || this.#savedAt !== undefined) {
      const since = this.#savedAt ?? performance.now();
      const restarts = this.#restarts;
      this.#savedAt = undefined;
      this.#restarts = false;
      try {
        const text = restarts ? await this.#restart() : await this.#update();
        this.#session.say(`${text} ${((performance.now() - since) / 1000).toFixed(2)} s`);
      } catch (error) {
        if (this.#session.isStopping) return;
        if (!(error instanceof UserError)) throw error;
        const rest = this.#session.isRunning
          ? 'What ran before goes on.'
          : 'Nothing runs now; r tries again.';
        this.#session.complain(`${error.message}\n${rest}`);
      }
    }
    this.#isAtWork = false;
  }

  async #restart(): Promise<string> {
    await this.#session.restart();
    return 'Restarted in';
  }

  async #update(): Promise<string> {
    const update = await this.#session.update();
    if (update === 'same') return 'Nothing in the app is different. Seen after';
    if (update === 'replaced') return 'Functions replaced, sockets kept: ready after';
    return "The app's APIs, tables, schedules or functions are others now, and wait for a restart (r). Seen after";
  }
}
