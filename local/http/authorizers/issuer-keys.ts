/**
 * The public keys of JWT issuers: from the files of `--jwks`, or fetched from the issuer's `jwks_uri` as API Gateway
 * does.
 */
import { JwtVerifier } from 'aws-jwt-verify';
import type { Jwks } from 'aws-jwt-verify/jwk';
import type { Clock } from '../../clock';
import type { Log } from '../../log';
import { KEYS_LIVE_MILLIS, KEYS_REFRESH_MILLIS } from '../assumptions';
import { type FetchJson, fetchedJson } from './fetched-json';

/** Key sets in files on this machine, by their URLs. */
export interface KeySetFileReader {
  /** The URLs that have a file. */
  readonly urls: string[];
  /** @throws Error with what is wrong with the file */
  read(url: string): string;
}

/** Verifies signatures with a key set. Claims are not checked. */
export interface KeySet {
  /** @throws an error of aws-jwt-verify */
  verify(token: string): Record<string, unknown>;
}

/** In API Gateway's terms. */
export type KeyFault = 'discovery' | 'keySet';

export interface IssuerKeysOptions {
  files: KeySetFileReader;
  clock: Clock;
  log: Log;
  /** @default from the network */
  fetchJson?: FetchJson;
}

interface Fetched {
  keys: KeySet;
  at: number;
}

export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  readonly #fetched = new Map<string, Fetched>();
  readonly #fetching = new Map<string, Promise<KeySet | KeyFault>>();
  /** By URL. A file that changes gets another key set. */
  readonly #fromFiles = new Map<string, { text: string; keys: KeySet }>();
  /** The logged reasons, by issuer. */
  readonly #told = new Map<string, string>();

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** @param isKeyUnknown whether the known keys lack the token's */
  async of(issuer: string, isKeyUnknown = false): Promise<KeySet | KeyFault> {
    const url = this.#fileUrlOf(issuer);
    if (url !== undefined) return this.#fromFile(issuer, url);
    const known = this.#fetched.get(issuer);
    const livesMillis = isKeyUnknown ? KEYS_REFRESH_MILLIS : KEYS_LIVE_MILLIS;
    if (known && this.#options.clock.now() - known.at < livesMillis) return known.keys;
    const running = this.#fetching.get(issuer);
    if (running !== undefined) return running;
    const fetching = this.#fetch(issuer).finally(() => this.#fetching.delete(issuer));
    this.#fetching.set(issuer, fetching);
    return fetching;
  }

  /** `ISSUER/.well-known/jwks.json`, or a URL below the issuer that is not the one of another issuer. */
  #fileUrlOf(issuer: string): string | undefined {
    const { urls } = this.#options.files;
    const base = withoutSlash(issuer);
    return (
      urls.find((url) => url === wellKnownKeys(issuer)) ??
      urls.find((url) => url.startsWith(`${base}/`) && !url.endsWith(WELL_KNOWN_KEYS))
    );
  }

  #fromFile(issuer: string, url: string): KeySet | KeyFault {
    try {
      const text = this.#options.files.read(url);
      const known = this.#fromFiles.get(url);
      if (known?.text === text) return known.keys;
      const keys = keySetOf(JSON.parse(text));
      this.#fromFiles.set(url, { text, keys });
      this.#told.delete(issuer);
      return keys;
    } catch (error) {
      this.#tell(issuer, `The key set ${url}: ${(error as Error).message}`);
      return 'keySet';
    }
  }

  async #fetch(issuer: string): Promise<KeySet | KeyFault> {
    const { clock, files, fetchJson = fetchedJson } = this.#options;
    const discovery = `${withoutSlash(issuer)}/.well-known/openid-configuration`;
    let url: unknown;
    try {
      url = ((await fetchJson(discovery)) as { jwks_uri?: unknown } | null)?.jwks_uri;
    } catch (error) {
      this.#tellUnreachable(issuer, discovery, (error as Error).message);
      return 'discovery';
    }
    if (typeof url !== 'string' || !url.startsWith('https://')) {
      this.#tellUnreachable(issuer, discovery, 'it has no https URL as jwks_uri');
      return 'discovery';
    }
    if (files.urls.includes(url)) return this.#fromFile(issuer, url);
    try {
      const keys = keySetOf(await fetchJson(url));
      this.#fetched.set(issuer, { keys, at: clock.now() });
      this.#told.delete(issuer);
      return keys;
    } catch (error) {
      this.#tellUnreachable(issuer, url, (error as Error).message);
      return 'keySet';
    }
  }

  #tellUnreachable(issuer: string, url: string, reason: string): void {
    this.#tell(
      issuer,
      `The keys of the issuer ${issuer} cannot be fetched from ${url}: ${reason}. Its tokens are refused with 401. To verify them with a key set on this machine, start with --jwks ${wellKnownKeys(issuer)}=FILE.`,
    );
  }

  /** Once for each reason, because every request would repeat it. */
  #tell(issuer: string, text: string): void {
    if (this.#told.get(issuer) === text) return;
    this.#told.set(issuer, text);
    this.#options.log.warn(text);
  }
}

const WELL_KNOWN_KEYS = '/.well-known/jwks.json';

function wellKnownKeys(issuer: string): string {
  return withoutSlash(issuer) + WELL_KNOWN_KEYS;
}

function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, '');
}

/** The verifier needs a URL for its cache, which it never fetches. */
const UNUSED_URL = 'https://issuer.invalid/jwks.json';

/** @throws Error if the document is not a key set */
function keySetOf(document: unknown): KeySet {
  const keys = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new Error('it is not a key set, which has the form {"keys": [...]}');
  const verifier = JwtVerifier.create({ issuer: null, audience: null, jwksUri: UNUSED_URL });
  verifier.cacheJwks(document as Jwks);
  // The claims are checked with the runtime's clock.
  const graceSeconds = Number.POSITIVE_INFINITY;
  return { verify: (token) => ({ ...verifier.verifySync(token, { graceSeconds }) }) };
}
