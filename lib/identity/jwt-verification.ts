/** Verifies the JWTs of handshakes with the issuer's published keys. Loaded only by services that have an issuer. */
import { JwtVerifier } from 'aws-jwt-verify';
import {
  FetchError,
  JwksValidationError,
  JwkValidationError,
  JwtExpiredError,
  JwtInvalidAudienceError,
  JwtInvalidIssuerError,
  JwtInvalidSignatureError,
  JwtNotBeforeError,
  JwtParseError,
  JwtWithoutValidKidError,
  KidNotFoundInJwksError,
  WaitPeriodNotYetEndedJwkError,
} from 'aws-jwt-verify/error';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import type { Clock } from '../clock';
import type { JwtSettings } from './jwt-settings';

/** A token's verified claims. */
export type Claims = Record<string, unknown>;

/** `why` never quotes the token. With status 500, the token is not to blame. */
export type Verdict = { claims: Claims } | { statusCode: 401 | 500; why: string };

export type FetchKeySet = (url: string) => Promise<ArrayBuffer>;

/** JWT authorizers of HTTP APIs also cache a key for this long. A withdrawn key stays valid until then. */
const KEYS_LIVE_MILLISECONDS = 2 * 60 * 60_000;
/** Larger than a handshake's headers can be. */
const MAX_TOKEN_CHARACTERS = 16_384;

export class JwtVerification {
  readonly #settings: JwtSettings;
  readonly #clock: Clock;
  readonly #fetchKeySet: FetchKeySet;
  #current: { verify(token: string): Promise<object>; since: number } | undefined;

  constructor(settings: JwtSettings, clock: Clock, fetchKeySet: FetchKeySet) {
    this.#settings = settings;
    this.#clock = clock;
    this.#fetchKeySet = fetchKeySet;
  }

  /** Keys are fetched for the first token, and again for one with an unknown key: at most every ten seconds. */
  async verify(token: string | undefined): Promise<Verdict> {
    if (token === undefined) return refused(`it sent no token in its ${this.#place()}`);
    if (token.length > MAX_TOKEN_CHARACTERS) return refused('its token is too long');
    try {
      return { claims: { ...(await this.#verifier().verify(token)) } };
    } catch (error) {
      return this.#verdictOn(error);
    }
  }

  #place(): string {
    const { from, name } = this.#settings;
    if (from === 'subprotocol') return `subprotocols, after ${JSON.stringify(name)}`;
    return `${from === 'query' ? 'query parameter' : from} ${JSON.stringify(name)}`;
  }

  #verifier() {
    const now = this.#clock.now();
    if (this.#current && now - this.#current.since < KEYS_LIVE_MILLISECONDS) return this.#current;
    const { issuer, audiences, jwksUrl: jwksUri } = this.#settings;
    const jwksCache = new SimpleJwksCache({ fetcher: { fetch: this.#fetchKeySet } });
    const verifier = JwtVerifier.create({ issuer, audience: null, jwksUri }, { jwksCache });
    const customJwtCheck = ({ payload }: { payload: Claims }) => {
      assertAudience(payload, audiences);
      if (payload.exp === undefined) throw new EndlessTokenError();
    };
    this.#current = { verify: (token) => verifier.verify(token, { customJwtCheck }), since: now };
    return this.#current;
  }

  /** Goes by the error's class, because its message may quote the token. */
  #verdictOn(error: unknown): Verdict {
    const { issuer, audiences, jwksUrl } = this.#settings;
    if (isOneOf(error, [FetchError, JwksValidationError, JwkValidationError, KeySetError])) {
      return {
        statusCode: 500,
        why: `no token can be verified, because the key set ${jwksUrl} cannot be had: ${error.message}`,
      };
    }
    if (error instanceof JwtExpiredError) return refused('its token has expired');
    if (error instanceof JwtNotBeforeError) return refused('its token is not valid yet');
    if (error instanceof EndlessTokenError) return refused('its token has no expiry (exp)');
    if (error instanceof JwtInvalidAudienceError) {
      return refused(`its token is for another audience than ${audiences.join(' or ')}`);
    }
    if (error instanceof JwtInvalidIssuerError)
      return refused(`its token is of another issuer than ${issuer}`);
    if (error instanceof JwtInvalidSignatureError)
      return refused('the signature of its token is not of the key that it names');
    if (isOneOf(error, [KidNotFoundInJwksError, WaitPeriodNotYetEndedJwkError])) {
      return refused(`its token names a key that ${jwksUrl} does not have`);
    }
    if (error instanceof JwtWithoutValidKidError) return refused('its token names no key (kid)');
    if (error instanceof JwtParseError) return refused('its token is not a JWT');
    return refused('its token cannot be verified with the key that it names');
  }
}

/** The key set is too large, too slow or missing. */
export class KeySetError extends Error {}

class EndlessTokenError extends Error {}

/** Access tokens of Cognito have `client_id` instead of `aud`; the JWT authorizers of HTTP APIs accept either. */
function assertAudience({ aud, client_id }: Claims, audiences: string[]): void {
  const given = [aud ?? client_id].flat();
  if (!given.some((one) => audiences.includes(String(one)))) throw new JwtInvalidAudienceError('aud', aud);
}

function isOneOf(error: unknown, kinds: (new (...args: never[]) => Error)[]): error is Error {
  return kinds.some((kind) => error instanceof kind);
}

function refused(why: string): Verdict {
  return { statusCode: 401, why };
}
