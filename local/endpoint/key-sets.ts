/**
 * Serves key sets of JWT issuers from files: functions that fetch such a URL get the file. Other requests to the host
 * go to the host itself.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import type { Log } from '../log';
import { UserError } from '../user-error';
import { ServiceProxy } from './service-proxy';

/** More than any issuer publishes. */
const MAX_CHARACTERS = 1_000_000;

/** Files by URLs. */
export type KeySetFiles = Record<string, string>;

/**
 * Parses `URL=FILE` of each `--jwks`.
 * @throws {UserError} if one has another form, a URL appears twice, or a file has no key set
 */
export function readKeySets(pairs: string[]): KeySetFiles {
  const files: KeySetFiles = {};
  for (const pair of pairs) {
    const [, text = '', file = ''] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol !== 'https:' || file === '') {
      throw new UserError(
        `--jwks ${pair} must have the form URL=FILE with an https URL, as in --jwks https://login.example.com/.well-known/jwks.json=jwks.json.`,
      );
    }
    if (files[url.href] !== undefined)
      throw new UserError(`--jwks ${url.href} appears twice. Specify it once.`);
    const path = resolve(file);
    try {
      readKeySet(path);
    } catch (error) {
      throw new UserError(`--jwks ${pair}: ${(error as Error).message}`);
    }
    files[url.href] = path;
  }
  return files;
}

export class KeySets {
  readonly #files: KeySetFiles;
  readonly #log: Log;
  readonly #proxies = new Map<string, ServiceProxy>();

  constructor(files: KeySetFiles, log: Log) {
    this.#files = files;
    this.#log = log;
  }

  /** The hosts whose requests from functions go through this machine. */
  get hostNames(): string[] {
    return Object.keys(this.#files).map((url) => new URL(url).hostname);
  }

  /** Returns `undefined` and does nothing if the request is for none of the hosts. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const { host = '' } = request.headers;
    const authority = host.toLowerCase();
    const ofHost = Object.entries(this.#files).filter(([url]) => new URL(url).host === authority);
    const [first] = ofHost;
    if (!first) return undefined;
    const file = ofHost.find(([url]) => pathOf(new URL(url)) === request.url)?.[1];
    if (file !== undefined && request.method === 'GET') return this.#answer(file, request, response);
    return Promise.resolve(this.#proxy(new URL(first[0]).origin).handle(request, response));
  }

  close(): void {
    for (const proxy of this.#proxies.values()) proxy.close();
  }

  /** Reads the file each time, so that new keys work immediately. */
  async #answer(file: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const text = readKeySet(file);
      response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    } catch (error) {
      this.#log.error(
        `The key set https://${request.headers.host}${request.url}: ${(error as Error).message}`,
      );
      response.writeHead(500, { 'content-type': 'text/plain' }).end('The key set could not be read.\n');
    }
  }

  #proxy(origin: string): ServiceProxy {
    const proxy = this.#proxies.get(origin) ?? new ServiceProxy(origin, this.#log);
    this.#proxies.set(origin, proxy);
    return proxy;
  }
}

function pathOf({ pathname, search }: URL): string {
  return pathname + search;
}

/** @throws Error with what is wrong with the file */
function readKeySet(file: string): string {
  const text = contents(file);
  if (text.length > MAX_CHARACTERS) throw new Error(`${file} has more than ${MAX_CHARACTERS} characters.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${(error as Error).message}`);
  }
  if (Array.isArray((value as { keys?: unknown } | null)?.keys)) return text;
  throw new Error(`${file} is not a key set. It must have the form {"keys": [...]}, as in RFC 7517.`);
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} could not be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
