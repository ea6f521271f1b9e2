/** The command `dev`: an app on this machine that follows its sources. */
import { sep } from 'node:path';
import { watch } from 'chokidar';
import { ProjectFiles } from '../assembly/synthesis/project-files';
import { PageReload } from '../endpoint/page-reload';
import { UserError } from '../user-error';
import { Follower } from './follower';
import { onKeys } from './keys';
import { Session, type SessionParts } from './session';
import type { SessionOptions } from './session-options';
import { onStop } from './stop-signals';

const HELP = 'Keys: r restart, q quit, h help';

/** Resolves once the runtime is up and watches the sources. It then runs until Ctrl-C, SIGTERM or `q`. */
export async function dev(options: SessionOptions, parts: SessionParts = {}): Promise<void> {
  const pages = new PageReload();
  const session = new Session(options, { ...parts, pageReload: pages });
  const { source, webDirectory } = session;
  if (source.kind === 'assembly') {
    throw new UserError(
      `dev follows an app's sources, but ${source.directory} is a synthesized assembly. Pass the app's folder or command instead, or run \`start\`.`,
    );
  }
  onStop(() => void session.stop());
  await session.open();
  const follower = new Follower(session, pages, source.synthesis.workingDirectory);
  const { root, ignores } = watched(new ProjectFiles(source.synthesis), webDirectory);
  const isPage = (path: string) => webDirectory !== undefined && path.startsWith(webDirectory + sep);
  const watcher = watch(webDirectory === undefined ? root : [root, webDirectory], {
    ignoreInitial: true,
    ignored: ignores,
  });
  watcher.on('all', (event, path) => {
    if (isPage(path)) follower.pageChanged(event, path);
    else follower.changed(event, path);
  });
  watcher.on('error', (error) => session.say(`Watching for changes has failed: ${String(error)}`));
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  await follower.begin();
  const hasKeys = onKeys({
    r: () => follower.restart(),
    q: () => void session.stop(),
    h: () => session.say(HELP),
  });
  session.say(`Watching ${root}${hasKeys ? `\n${HELP}` : ''}`);
}

/** Pages are watched everywhere, even in a folder that Git ignores. */
function watched(projectFiles: ProjectFiles, webDirectory: string | undefined) {
  const ignoresSource = projectFiles.ignores();
  return {
    root: projectFiles.root,
    ignores: (path: string) =>
      path !== webDirectory &&
      (webDirectory === undefined || !path.startsWith(webDirectory + sep)) &&
      ignoresSource(path),
  };
}
