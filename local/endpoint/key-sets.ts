/**
 * Serves key sets of JWT issuers from files: functions that fetch such a URL get the file. Other requests to the host
 * go to the host itself, and so do requests for the keys of Cognito's user pools.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import type { Log } from '../log';
import { UserError } from '../user-error';
import { ServiceProxy } from './service-proxy';

/** More than any issuer publishes. */
const MAX_CHARACTERS = 1_000_000;

/** User pools are not run here, but the keys of one that is on AWS are public. */
const COGNITO_HOST = /^cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;
const POOL_KEYS = /^\/([^/?]+)\/\.well-known\/jwks\.json$/;

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
  readonly #addressOf: (origin: string) => string;
  readonly #proxies = new Map<string, ServiceProxy>();

  /** @param addressOf where an issuer is. @default its origin */
  constructor(files: KeySetFiles, log: Log, addressOf = (origin: string) => origin) {
    this.#files = files;
    this.#log = log;
    this.#addressOf = addressOf;
  }

  /** The hosts whose requests from functions go through this machine. */
  get hostNames(): string[] {
    return Object.keys(this.#files).map((url) => new URL(url).hostname);
  }

  /** The URLs that have a file. */
  get urls(): string[] {
    return Object.keys(this.#files);
  }

  /**
   * The key set at this URL, as JSON. Reads the file each time, so that new keys work immediately.
   * @throws Error with what is wrong with the file
   */
  read(url: string): string {
    return readKeySet(this.#files[url] ?? '');
  }

  /** Returns `undefined` and does nothing if the request is for none of the hosts. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const { host = '' } = request.headers;
    const authority = host.toLowerCase();
    const ofHost = Object.entries(this.#files).filter(([url]) => new URL(url).host === authority);
    const [first] = ofHost;
    const pool = COGNITO_HOST.test(authority) ? POOL_KEYS.exec(request.url ?? '')?.[1] : undefined;
    if (!first && (pool === undefined || request.method !== 'GET')) return undefined;
    const file = ofHost.find(([url]) => pathOf(new URL(url)) === request.url)?.[1];
    if (file !== undefined && request.method === 'GET') return this.#answer(file, request, response);
    if (pool !== undefined) response.on('finish', () => this.#tellOfPool(pool, request, response));
    return this.#proxy(`https://${authority}`).handle(request, response);
  }

  close(): void {
    for (const proxy of this.#proxies.values()) proxy.close();
  }

  async #answer(file: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // Reads the file each time, as `read` does.
      const text = readKeySet(file);
      response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    } catch (error) {
      this.#log.error(
        `The key set https://${request.headers.host}${request.url}: ${(error as Error).message}`,
      );
      response.writeHead(500, { 'content-type': 'text/plain' }).end('The key set could not be read.\n');
    }
  }

  #tellOfPool(pool: string, { headers, url }: IncomingMessage, { statusCode }: ServerResponse): void {
    if (statusCode === 200) return;
    this.#log.warn(
      `The keys of the user pool ${pool} could not be fetched (${statusCode}). If the pool is only in the template, issue tokens with keys of your own, and start with --jwks https://${headers.host}${url}=FILE.`,
    );
  }

  #proxy(origin: string): ServiceProxy {
    const proxy = this.#proxies.get(origin) ?? new ServiceProxy(this.#addressOf(origin), this.#log);
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
