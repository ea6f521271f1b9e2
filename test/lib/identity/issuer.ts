/** An issuer of JWTs for tests, with keys of its own. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const KEY_ID = 'key-1';

export interface IssuerOptions {
  /** @default ec, which signs with ES256; rsa signs with RS256 */
  keyType?: 'ec' | 'rsa';
  keyId?: string;
  /** @default the system's time */
  nowSeconds?: number;
}

export class Issuer {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #options: IssuerOptions;

  constructor(
    readonly url = 'https://login.example',
    options: IssuerOptions = {},
  ) {
    const { privateKey, publicKey } =
      options.keyType === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
    this.#options = options;
  }

  /**
   * For the service `chat`, and valid for an hour unless other claims say otherwise. `undefined` leaves a claim out.
   */
  token(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
    const { keyId = KEY_ID, nowSeconds: seconds = Math.floor(Date.now() / 1000) } = this.#options;
    const all = { iss: this.url, aud: 'chat', sub: 'ada', iat: seconds, exp: seconds + 3_600, ...claims };
    const text = [{ alg: this.#algorithm, kid: keyId, ...header }, all]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const key =
      this.#options.keyType === 'rsa'
        ? this.#privateKey
        : ({ key: this.#privateKey, dsaEncoding: 'ieee-p1363' } as const);
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  }

  /** A token that expired an hour ago. */
  expiredToken(): string {
    return this.token({ exp: Math.floor(Date.now() / 1000) - 3_600 });
  }

  /** The published key set, as JSON. */
  keySet(keyId = this.#options.keyId ?? KEY_ID): string {
    const jwk = this.#publicKey.export({ format: 'jwk' });
    return JSON.stringify({ keys: [{ ...jwk, kid: keyId, use: 'sig', alg: this.#algorithm }] });
  }

  get #algorithm(): string {
    return this.#options.keyType === 'rsa' ? 'RS256' : 'ES256';
  }
}
