/** An issuer of JWTs for tests, with keys of its own. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const KEY_ID = 'key-1';

export class Issuer {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(readonly url = 'https://login.example') {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  /** For the service `chat`, and valid for an hour unless other claims say otherwise. */
  token(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
    const seconds = Math.floor(Date.now() / 1000);
    const all = { iss: this.url, aud: 'chat', sub: 'ada', iat: seconds, exp: seconds + 3_600, ...claims };
    const text = [{ alg: 'ES256', kid: KEY_ID, ...header }, all]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = sign('sha256', Buffer.from(text), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }

  /** A token that expired an hour ago. */
  expiredToken(): string {
    return this.token({ exp: Math.floor(Date.now() / 1000) - 3_600 });
  }

  /** The published key set, as JSON. */
  keySet(keyId = KEY_ID): string {
    const jwk = this.#publicKey.export({ format: 'jwk' });
    return JSON.stringify({ keys: [{ ...jwk, kid: keyId, use: 'sig', alg: 'ES256' }] });
  }
}
