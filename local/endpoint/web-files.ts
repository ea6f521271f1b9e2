import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { percentDecoded } from '../percent-decoded';
import type { PageReload } from './page-reload';

const HTML = 'text/html; charset=utf-8';

const CONTENT_TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.htm': HTML,
  '.html': HTML,
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** Pages may run only scripts of this origin and may not be framed. They may open WebSockets to any host. */
const SECURITY_POLICY = [
  "default-src 'self'",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the files of a folder, such as pages to try the APIs. */
export class WebFiles {
  readonly #directory: string;
  readonly #reload: PageReload | undefined;

  /** @param reload adds its script to the pages. @default they are served unchanged */
  constructor(directory: string, reload?: PageReload) {
    this.#directory = resolve(directory);
    this.#reload = reload;
  }

  /**
   * Returns `false` if the file does not exist or the request is not for a file.
   * @param url of the file. @default the request's
   */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    url = request.url ?? '/',
  ): Promise<boolean> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    if (this.#reload?.handle(request, response)) return true;
    const [path = '/', query] = url.split('?', 2);
    const file = await this.#find(path);
    if (file === undefined) return false;
    if (file.isDirectory) {
      // With a second slash, the path would be a host.
      response
        .writeHead(301, {
          location: `/${path.replace(/^\/+/, '')}/${query === undefined ? '' : `?${query}`}`,
        })
        .end();
      return true;
    }
    const type = CONTENT_TYPES[extname(file.path).toLowerCase()] ?? 'application/octet-stream';
    const page =
      this.#reload && type === HTML ? this.#reload.inject(await readFile(file.path, 'utf8')) : undefined;
    response.writeHead(200, {
      'content-type': type,
      'content-length': page === undefined ? file.size : Buffer.byteLength(page),
      'cache-control': 'no-cache',
      'content-security-policy': SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
    });
    if (request.method === 'HEAD' || page !== undefined) {
      response.end(page);
      return true;
    }
    const content = createReadStream(file.path);
    content.on('error', () => response.destroy());
    response.on('close', () => content.destroy());
    content.pipe(response);
    return true;
  }

  async #find(urlPath: string): Promise<{ path: string; size: number; isDirectory: boolean } | undefined> {
    const relative = percentDecoded(urlPath);
    if (relative === undefined || relative.includes('\0')) return undefined;
    // Neither `..` nor hidden files, with slashes or backslashes.
    if (relative.split(/[/\\]/).some((part) => part.startsWith('.'))) return undefined;
    const wanted = join(this.#directory, relative.endsWith('/') ? `${relative}index.html` : relative);
    try {
      const [root, path] = await Promise.all([realpath(this.#directory), realpath(wanted)]);
      if (!path.startsWith(root + sep)) return undefined;
      const found = await stat(path);
      if (found.isDirectory() || found.isFile())
        return { path, size: found.size, isDirectory: found.isDirectory() };
    } catch {
      // No such file.
    }
    return undefined;
  }
}
