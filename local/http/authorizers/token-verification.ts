/**
 * Verifies JWTs as API Gateway does. Source: "Control access to HTTP APIs with JWT authorizers", "Authorizing API
 * requests".
 */
import { JwtParseError, JwtWithoutValidKidError, KidNotFoundInJwksError } from 'aws-jwt-verify/error';
import { decomposeUnverifiedJwt } from 'aws-jwt-verify/jwt';
import type { Clock } from '../../clock';
import type { Claims } from './claims-text';
import type { IssuerKeys, KeyFault, KeySet } from './issuer-keys';

export type TokenFault =
  | KeyFault
  | 'malformed'
  /** API Gateway supports only RSA. */
  | 'algorithm'
  | 'unknownKey'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'notYetValid';

/** What is wrong with a token, for the log. No text quotes the token. */
export const TOKEN_FAULTS: Record<TokenFault, string> = {
  discovery: 'the discovery document of its issuer cannot be fetched',
  keySet: 'the key set of its issuer cannot be fetched',
  malformed: 'it is not a JWT',
  algorithm:
    'it is not signed with RSA (RS256, RS384 or RS512), the only algorithm that API Gateway supports',
  unknownKey: 'it names no key (kid) of its issuer',
  signature: 'its signature does not match the key that it names',
  issuer: 'its issuer is not the one of the authorizer',
  audience: 'it is not for any audience of the authorizer',
  expired: 'it has expired, or has no expiry (exp)',
  notYetValid: 'it is not valid yet (nbf or iat)',
};

const RSA = new Set(['RS256', 'RS384', 'RS512']);

export class TokenVerification {
  readonly #keys: IssuerKeys;
  readonly #clock: Clock;

  constructor(keys: IssuerKeys, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /** @param issuers the issuers that may have signed the token */
  async verify(token: string, issuers: string[]): Promise<{ claims: Claims } | TokenFault> {
    const named = unverified(token);
    if (typeof named === 'string') return named;
    const issuer = issuers.find((one) => one === named.issuer);
    // With one issuer, the signature is checked first.
    const keysOf = issuer ?? (issuers.length === 1 ? issuers[0] : undefined);
    if (keysOf === undefined) return 'issuer';
    const claims = await this.#verifySignature(token, keysOf);
    if (typeof claims === 'string') return claims;
    if (claims.iss !== keysOf) return 'issuer';
    return this.#faultIn(claims) ?? { claims };
  }

  async #verifySignature(token: string, issuer: string): Promise<Claims | TokenFault> {
    const known = await this.#keys.of(issuer);
    if (typeof known === 'string') return known;
    const claims = verified(token, known);
    if (claims !== 'unknownKey') return claims;
    // The issuer may have a new key.
    const renewed = await this.#keys.of(issuer, true);
    if (typeof renewed === 'string') return renewed;
    return renewed === known ? claims : verified(token, renewed);
  }

  /** `exp` must be after the current time; `nbf` and `iat` before. */
  #faultIn({ exp, nbf, iat }: Claims): TokenFault | undefined {
    const nowSeconds = this.#clock.now() / 1_000;
    if (typeof exp !== 'number' || exp <= nowSeconds) return 'expired';
    if ([nbf, iat].some((time) => typeof time === 'number' && time > nowSeconds)) return 'notYetValid';
    return undefined;
  }
}

function unverified(token: string): { issuer: string | undefined } | TokenFault {
  try {
    const { header, payload } = decomposeUnverifiedJwt(token);
    return RSA.has(header.alg ?? '') ? { issuer: payload.iss } : 'algorithm';
  } catch (error) {
    if (error instanceof JwtParseError) return 'malformed';
    throw error;
  }
}

/** Checks the error's class, because its message may quote the token. */
function verified(token: string, keys: KeySet): Claims | TokenFault {
  try {
    return keys.verify(token);
  } catch (error) {
    if (error instanceof KidNotFoundInJwksError || error instanceof JwtWithoutValidKidError)
      return 'unknownKey';
    return 'signature';
  }
}
