/** The console's page, for every app: `/@local/console`, its parts below that, and its shared style. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { WebFiles } from '../endpoint/web-files';

const PATH = '/@local/console';

/** The style that the console shares with the app's pages. */
const SHARED_STYLE = '/@local/styles/base.css';

/** The folder with the console's files, which is part of the package. */
const files = new WebFiles(join(__dirname, '../../web'));

/** `false` if the request is for something else. */
export async function answerConsoleFile(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (path === PATH) return files.handle(request, response, '/console.html');
  if (path !== SHARED_STYLE && !path.startsWith(`${PATH}/`)) return false;
  return files.handle(request, response, path.slice('/@local'.length));
}
