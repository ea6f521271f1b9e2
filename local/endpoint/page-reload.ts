/**
 * Reloads pages in browsers when their files change: a script that is added to each page, and the stream that it
 * listens to.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

const SCRIPT_PATH = '/@dev/reload.mjs';
const STREAM_PATH = '/@dev/changes';

/** How soon browsers reconnect. */
const RETRY_MILLIS = 500;

/** Part of the version, so that pages of an earlier run are reloaded, too. */
const RUN = Date.now();

/**
 * A hidden page closes its stream, because browsers allow six connections to one origin for all of its pages
 * together. When it is shown again, the first version that it gets reveals whether it has missed a change.
 */
const SCRIPT = `
const version = new URL(import.meta.url).searchParams.get('version');
let stream;
function listen() {
  stream?.close();
  stream = undefined;
  if (document.visibilityState === 'hidden') return;
  stream = new EventSource('${STREAM_PATH}');
  stream.addEventListener('message', ({ data }) => {
    if (data !== version) location.reload();
  });
}
document.addEventListener('visibilitychange', listen);
addEventListener('pagehide', () => stream?.close());
addEventListener('pageshow', ({ persisted }) => persisted && listen());
listen();
`;

export class PageReload {
  readonly #streams = new Set<ServerResponse>();
  #count = 1;

  /** The pages have changed. */
  reload(): void {
    this.#count += 1;
    for (const stream of this.#streams) this.#tell(stream);
  }

  /** Returns `false` and does nothing if the request does not belong to the script. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const [path] = (request.url ?? '').split('?', 1);
    if (path === SCRIPT_PATH) {
      response.writeHead(200, { ...HEADERS, 'content-type': 'text/javascript; charset=utf-8' }).end(SCRIPT);
      return true;
    }
    if (path !== STREAM_PATH) return false;
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    response.write(`retry: ${RETRY_MILLIS}\n`);
    this.#tell(response);
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    return true;
  }

  /** The page with the script. It is a file of the same origin, so a strict policy stays unchanged. */
  inject(html: string): string {
    const script = `<script type="module" src="${SCRIPT_PATH}?version=${this.#version}"></script>`;
    const end = html.search(/<\/head>/i);
    return end < 0 ? `${html}${script}` : `${html.slice(0, end)}${script}${html.slice(end)}`;
  }

  get #version(): string {
    return `${RUN}-${this.#count}`;
  }

  #tell(stream: ServerResponse): void {
    stream.write(`data: ${this.#version}\n\n`);
  }
}

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
