/** An issuer of JWTs for tests: its key set, and tokens that it signs. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Algorithm, sign } from 'jsonwebtoken';

export const ISSUER = 'https://login.example/tenant/';
/** The URL for `--jwks`. */
export const KEYS_URL = 'https://login.example/tenant/.well-known/jwks.json';
/** When the clock of `runningHttp` starts. */
export const NOW_SECONDS = Date.UTC(2026, 0, 31, 12) / 1_000;

export interface Issuer {
  /** As JSON. */
  keySet: string;
  /** Valid for an hour for the audience `chat`, unless the claims say something else. */
  token(claims?: Record<string, unknown>, signing?: { algorithm?: Algorithm; kid?: string }): string;
}

export function issuer(kid = 'k1'): Issuer {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    keySet: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' }] }),
    token: (claims, signing) => tokenOf(privateKey, claims, { kid, ...signing }),
  };
}

function tokenOf(
  key: KeyObject,
  claims: Record<string, unknown> = {},
  { algorithm = 'RS256' as Algorithm, kid = '' },
): string {
  const all = { iss: ISSUER, aud: 'chat', sub: 'ada', iat: NOW_SECONDS, exp: NOW_SECONDS + 3_600, ...claims };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return sign(given, algorithm === 'none' ? '' : key, { algorithm, ...(kid && { keyid: kid }) });
}
