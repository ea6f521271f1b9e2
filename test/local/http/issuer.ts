/** An issuer whose tokens are valid when the clock of `runningHttp` starts. */
import { Issuer } from '../../lib/identity/issuer';

export const ISSUER = 'https://login.example/tenant/';
/** The URL for `--jwks`. */
export const KEYS_URL = 'https://login.example/tenant/.well-known/jwks.json';
export const NOW_SECONDS = Date.UTC(2026, 0, 31, 12) / 1_000;

export function rsaIssuer(url = ISSUER, keyId = 'k1'): Issuer {
  return new Issuer(url, { keyType: 'rsa', keyId, nowSeconds: NOW_SECONDS });
}
