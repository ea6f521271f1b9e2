/**
 * Connection and subscription tokens: JWTs with the claims that Centrifugo's have, so that a backend that makes tokens
 * for Centrifugo makes them for this service.
 * Source: https://centrifugal.dev/docs/server/authentication and https://centrifugal.dev/docs/server/channel_token_auth.
 */
import jwt from 'jsonwebtoken';
import { ConfigurationError } from '../errors';
import type { Value } from '../table/item';
import { disconnections, errors } from './realtime-errors';
import { type Secrets, secretsOfThisProcess } from './secrets';

/** With what tokens are verified. With neither a secret nor a public key, no token is accepted. */
export interface TokenKeys {
  /** Of tokens that are signed with HMAC: HS256, HS384, HS512. */
  secret?: string;
  /** The secret before the current one, while it is being replaced. */
  previousSecret?: string;
  /** PEM, of tokens that are signed with RSA or elliptic curves: RS256 to RS512, ES256 to ES512. */
  publicKey?: string;
  /** What `iss` must be. @default anything */
  issuer?: string;
  /** What `aud` must contain. @default anything */
  audience?: string;
}

export interface ConnectionClaims {
  /** Undefined for an anonymous user. */
  user?: string;
  info?: Value;
  /** The channels that the server subscribes the connection to. */
  channels: string[];
  /** When the connection expires unless its token is renewed, in milliseconds since the epoch. */
  expiresAt?: number;
}

export interface SubscriptionClaims {
  expiresAt?: number;
  data?: unknown;
}

const HMAC: jwt.Algorithm[] = ['HS256', 'HS384', 'HS512'];
const PUBLIC_KEY: jwt.Algorithm[] = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
/** A token that API Gateway lets through is shorter than its frame. */
const MOST_CHARACTERS = 16_384;

export class Tokens {
  constructor(
    private readonly keys: TokenKeys,
    private readonly now: number,
  ) {}

  /** @throws RealtimeError for an expired token, Disconnection for an invalid one */
  connection(token: string): ConnectionClaims {
    const claims = this.#verified(token);
    // Source: Centrifugo refuses a subscription token here, which may be meant for others to see.
    if (!claims || claims.channel !== undefined) throw disconnections.invalidToken();
    const { sub, channels, subs } = claims;
    const names = [
      ...(Array.isArray(channels) ? channels : []),
      ...(typeof subs === 'object' && subs !== null ? Object.keys(subs) : []),
    ];
    const info = infoOf(claims);
    return {
      ...(sub !== undefined && sub !== '' && { user: sub }),
      ...(info !== undefined && { info }),
      channels: [...new Set(names.map(String))],
      ...expiry(claims),
    };
  }

  /** @throws RealtimeError for an expired or invalid token, and one of another user or channel */
  subscription(
    token: string,
    of: { channel: string; user: string | undefined; client: string },
  ): SubscriptionClaims {
    const claims = this.#verified(token);
    const isOurs =
      claims?.channel === of.channel &&
      (claims.sub ?? '') === (of.user ?? '') &&
      (claims.client ?? of.client) === of.client;
    if (!claims || !isOurs) throw errors.permissionDenied();
    return { ...(claims.data !== undefined && { data: claims.data }), ...expiry(claims) };
  }

  /** `undefined` for an invalid token. @throws RealtimeError for an expired one */
  #verified(token: string): jwt.JwtPayload | undefined {
    const { secret, previousSecret, publicKey } = this.keys;
    if (secret === undefined && publicKey === undefined) {
      console.error(
        'A client sent a token, but this service has no key to verify it. Pass `tokens` to the construct RealtimeService, set TOKEN_SECRET_ARN, TOKEN_SECRET or TOKEN_PUBLIC_KEY in the environment of the function, or override tokenKeys().',
      );
      return undefined;
    }
    if (token.length > MOST_CHARACTERS) return undefined;
    const candidates = [
      ...[secret, previousSecret].map((key) => [key, HMAC] as const),
      [publicKey, PUBLIC_KEY] as const,
    ];
    for (const [key, algorithms] of candidates) {
      if (key === undefined || key === '') continue;
      try {
        return this.#claims(token, key, algorithms);
      } catch (error) {
        if (error instanceof jwt.TokenExpiredError) throw errors.tokenExpired();
        if (!(error instanceof jwt.JsonWebTokenError)) throw error;
      }
    }
    return undefined;
  }

  #claims(token: string, key: string, algorithms: jwt.Algorithm[]): jwt.JwtPayload | undefined {
    const { issuer, audience } = this.keys;
    const payload = jwt.verify(token, key, {
      algorithms,
      clockTimestamp: Math.floor(this.now / 1_000),
      ...(issuer && { issuer }),
      ...(audience && { audience }),
    });
    return typeof payload === 'string' ? undefined : payload;
  }
}

/**
 * The keys of a function: those in its environment, and the secrets whose ARNs are there.
 * @throws ConfigurationError for a secret that cannot be read
 */
export async function keysOfFunction(
  environment: NodeJS.ProcessEnv,
  secrets: Pick<Secrets, 'text'> = secretsOfThisProcess,
): Promise<TokenKeys> {
  const { TOKEN_SECRET_ARN, TOKEN_PREVIOUS_SECRET_ARN } = environment;
  const [secret, previousSecret] = await Promise.all(
    [TOKEN_SECRET_ARN, TOKEN_PREVIOUS_SECRET_ARN].map((arn) => (arn ? secrets.text(arn) : undefined)),
  );
  return {
    ...keysFromEnvironment(environment),
    ...(secret !== undefined && { secret }),
    ...(previousSecret !== undefined && { previousSecret }),
  };
}

/** The keys that a function's environment holds. */
function keysFromEnvironment(environment: NodeJS.ProcessEnv): TokenKeys {
  const { TOKEN_SECRET, TOKEN_PREVIOUS_SECRET, TOKEN_PUBLIC_KEY, TOKEN_ISSUER, TOKEN_AUDIENCE } = environment;
  if (TOKEN_PUBLIC_KEY && !TOKEN_PUBLIC_KEY.includes('BEGIN')) {
    throw new ConfigurationError(
      'TOKEN_PUBLIC_KEY is not a key in PEM form, which begins with "-----BEGIN PUBLIC KEY-----".',
    );
  }
  return {
    ...(TOKEN_SECRET && { secret: TOKEN_SECRET }),
    ...(TOKEN_PREVIOUS_SECRET && { previousSecret: TOKEN_PREVIOUS_SECRET }),
    ...(TOKEN_PUBLIC_KEY && { publicKey: TOKEN_PUBLIC_KEY }),
    ...(TOKEN_ISSUER && { issuer: TOKEN_ISSUER }),
    ...(TOKEN_AUDIENCE && { audience: TOKEN_AUDIENCE }),
  };
}

/** `expire_at` counts, if it is there: 0 for a connection that does not expire with its token. */
function expiry({ exp, expire_at: expireAt }: jwt.JwtPayload): { expiresAt?: number } {
  const seconds = typeof expireAt === 'number' ? expireAt : exp;
  return seconds ? { expiresAt: seconds * 1_000 } : {};
}

/** @throws Disconnection for an info that is not JSON */
function infoOf({ info, b64info }: jwt.JwtPayload): Value | undefined {
  if (typeof b64info !== 'string' || b64info === '') return info as Value | undefined;
  try {
    return JSON.parse(Buffer.from(b64info, 'base64').toString('utf8')) as Value;
  } catch {
    throw disconnections.invalidToken();
  }
}
