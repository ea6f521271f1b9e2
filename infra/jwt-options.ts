/** The JWT that clients must send, as environment variables of the service's functions. */
import { Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface JwtOptions {
  /** Who issues the tokens: exactly their `iss`, such as `https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example`. */
  readonly issuer: string;
  /** Who the tokens are for: `aud` must contain one of these or, in a token without `aud`, `client_id` must be one of them. */
  readonly audience: string | string[];
  /**
   * Where the client puts its token. Browsers can send a cookie, a query parameter, or a subprotocol:
   * `new WebSocket(url, ['bearer', token])`.
   */
  readonly from: 'query' | 'header' | 'subprotocol' | 'cookie';
  /**
   * The name of the query parameter, header or cookie; or the subprotocol before the token, which the service also chooses.
   * @default `token` for a query parameter and a cookie, `Authorization` for a header, `bearer` for a subprotocol
   */
  readonly name?: string;
  /** Where the issuer publishes its keys. @default `{issuer}/.well-known/jwks.json` */
  readonly jwksUrl?: string;
}

const PLACES = ['query', 'header', 'subprotocol', 'cookie'];

/** @throws Error for invalid options. The function checks values that are known only after deployment. */
export function jwtEnvironment(scope: Construct, options: JwtOptions): Record<string, string> {
  const { issuer, from, name, jwksUrl } = options;
  const audiences = [options.audience].flat();
  const refuse = (what: string): never => {
    throw new Error(`The jwt of ${scope.node.path} is not valid: ${what}`);
  };
  for (const [key, url] of Object.entries({ issuer, ...(jwksUrl !== undefined && { jwksUrl }) })) {
    if (!Token.isUnresolved(url) && !isHttps(url)) {
      refuse(`its ${key} must be an https URL, not ${JSON.stringify(url)}. The keys are fetched from there.`);
    }
  }
  if (Token.isUnresolved(options.audience) && Array.isArray(options.audience)) {
    refuse('its audience is a list that is known only at deployment. List the audiences one by one.');
  }
  if (audiences.length === 0 || audiences.some((audience) => audience === '')) {
    refuse('it names no audience, and would accept tokens for every other service of the issuer.');
  }
  const withComma = audiences.find((audience) => !Token.isUnresolved(audience) && audience.includes(','));
  if (withComma !== undefined) refuse(`its audience ${JSON.stringify(withComma)} contains a comma.`);
  if (!PLACES.includes(from)) refuse(`from is ${JSON.stringify(from)}, but must be ${PLACES.join(', ')}.`);
  // RFC 7230: the names of headers, cookies and subprotocols are tokens.
  if (name !== undefined && !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
    refuse(
      `its name ${JSON.stringify(name)} may have letters, digits and !#$%&'*+-.^_\`|~ only, as the name of a ${from}.`,
    );
  }
  return {
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: audiences.join(','),
    JWT_FROM: from,
    ...(name !== undefined && { JWT_NAME: name }),
    ...(jwksUrl !== undefined && { JWT_JWKS_URL: jwksUrl }),
  };
}

function isHttps(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'https:';
}
