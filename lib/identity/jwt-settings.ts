/** Which JWTs a service accepts, from the environment that the construct sets. */
import { ConfigurationError } from '../errors';

/** Where the client puts its token. */
export type TokenPlace = 'query' | 'header' | 'subprotocol' | 'cookie';

export interface JwtSettings {
  issuer: string;
  /** A token must be for one of these. */
  audiences: string[];
  from: TokenPlace;
  /** The name of the query parameter, header or cookie; or the subprotocol that precedes the token. */
  name: string;
  /** Where the issuer publishes its keys. */
  jwksUrl: string;
}

const DEFAULT_NAMES: Record<TokenPlace, string> = {
  query: 'token',
  header: 'Authorization',
  subprotocol: 'bearer',
  cookie: 'token',
};

/**
 * Reads `JWT_ISSUER`, `JWT_AUDIENCE` (comma-separated), `JWT_FROM` and, optionally, `JWT_NAME` and `JWT_JWKS_URL`.
 * @throws ConfigurationError if one of them is missing or not usable
 */
export function jwtSettings(environment: NodeJS.ProcessEnv): JwtSettings {
  const {
    JWT_ISSUER: issuer = '',
    JWT_AUDIENCE = '',
    JWT_FROM: from = '',
    JWT_NAME,
    JWT_JWKS_URL,
  } = environment;
  const audiences = JWT_AUDIENCE.split(',').filter(Boolean);
  if (audiences.length === 0) {
    throw new ConfigurationError(
      'JWT_ISSUER is set, but JWT_AUDIENCE is not, so tokens for any service of the issuer would be accepted. List the audiences of this service, comma-separated.',
    );
  }
  if (!isTokenPlace(from)) {
    throw new ConfigurationError(
      `JWT_FROM is ${JSON.stringify(from)}, but must be one of ${Object.keys(DEFAULT_NAMES).join(', ')}.`,
    );
  }
  const jwksUrl = JWT_JWKS_URL || `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`;
  if (!URL.canParse(jwksUrl) || new URL(jwksUrl).protocol !== 'https:') {
    throw new ConfigurationError(
      `The keys of the issuer would be fetched from ${jwksUrl}, which is not an https URL. Set JWT_ISSUER or JWT_JWKS_URL to one.`,
    );
  }
  return { issuer, audiences, from, name: JWT_NAME || DEFAULT_NAMES[from], jwksUrl };
}

function isTokenPlace(text: string): text is TokenPlace {
  return Object.hasOwn(DEFAULT_NAMES, text);
}
