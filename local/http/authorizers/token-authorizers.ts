/** JWT authorizers of HTTP APIs, and Cognito authorizers of REST APIs: API Gateway verifies the token itself. */
import type { JwtAuthorizer, UserPoolAuthorizer } from '../../assembly/model';
import { type Identity, identityIn } from '../../authorizers/identity-source';
import type { Log } from '../../log';
import type { Failure } from '../failures';
import type { AuthorizedCaller } from './authorized-caller';
import { challenge, EXPIRED_TOKEN, insufficientScope, unauthorized } from './authorizer-refusals';
import type { Claims } from './claims-text';
import { TOKEN_FAULTS, type TokenFault, type TokenVerification } from './token-verification';

export interface TokenRequest {
  identity: Identity;
  /** The scopes of the route. */
  scopes: string[];
  /** For the log: `GET /rooms`. */
  what: string;
}

export class TokenAuthorizers {
  readonly #verification: TokenVerification;
  readonly #log: Log;

  constructor(verification: TokenVerification, log: Log) {
    this.#verification = verification;
    this.#log = log;
  }

  async ofHttpApi(
    { issuer, audiences, identitySource }: JwtAuthorizer,
    { identity, scopes, what }: TokenRequest,
  ): Promise<AuthorizedCaller | Failure> {
    const refused = (why: string, failure: Failure) => this.#refuse(what, why, failure);
    const token = tokenIn(identityIn(identitySource, identity));
    if (!token) return refused(`it has no token in ${identitySource}`, challenge(undefined, scopes));
    const verified = await this.#verification.verify(token, [issuer]);
    const fault = typeof verified === 'string' ? verified : audienceFault(verified.claims, audiences);
    if (typeof verified === 'string' || fault !== undefined) {
      return refused(faultText(fault, [issuer], audiences), challenge(fault, scopes));
    }
    const granted = scopesOf(verified.claims);
    if (scopes.length > 0 && !scopes.some((scope) => granted.includes(scope))) {
      return refused(`its token has none of the scopes ${scopes.join(', ')}`, insufficientScope(scopes));
    }
    return { kind: 'jwt', claims: verified.claims, scopes: scopes.length > 0 ? granted : null };
  }

  async ofRestApi(
    { issuers, identitySource, validation }: UserPoolAuthorizer,
    { identity, scopes, what }: TokenRequest,
  ): Promise<AuthorizedCaller | Failure> {
    const refused = (why: string, failure = unauthorized('REST')) => this.#refuse(what, why, failure);
    const token = tokenIn(identityIn(identitySource, identity));
    if (!token) return refused(`it has no token in ${identitySource}`);
    const verified = await this.#verification.verify(token, issuers);
    if (typeof verified === 'string') {
      return refused(
        faultText(verified, issuers),
        verified === 'expired' ? EXPIRED_TOKEN : unauthorized('REST'),
      );
    }
    const why = userPoolFault(verified.claims, scopes, validation);
    return why === undefined ? { kind: 'userPool', claims: verified.claims } : refused(why);
  }

  #refuse(what: string, why: string, failure: Failure): Failure {
    this.#log.warn(`${what} is refused with ${failure.statusCode}: ${why}.`);
    return failure;
  }
}

/**
 * Without scopes, a method accepts identity tokens; with scopes, access tokens with one of them. Anything else gets 401.
 * Source: "Integrate a REST API with an Amazon Cognito user pool".
 */
function userPoolFault(claims: Claims, scopes: string[], validation: string | undefined): string | undefined {
  if (validation !== undefined && !isMatch(validation, String(claims.aud ?? ''))) {
    return "its token's aud does not match the validation expression of the authorizer";
  }
  if (scopes.length === 0) {
    if (claims.token_use === 'id') return undefined;
    return 'its token is not an identity token (token_use id); a method with authorizationScopes accepts access tokens';
  }
  const granted = scopesOf(claims);
  if (claims.token_use === 'access' && scopes.some((scope) => granted.includes(scope))) return undefined;
  return `its token is not an access token with one of the scopes ${scopes.join(', ')}`;
}

/** The whole text must match. */
export function isMatch(expression: string, text: string): boolean {
  return new RegExp(`^(?:${expression})$`).test(text);
}

/** `aud`, or `client_id` if the token has no `aud`. */
function audienceFault({ aud, client_id }: Claims, audiences: string[]): TokenFault | undefined {
  const given = [aud ?? client_id].flat();
  return given.some((one) => audiences.includes(String(one))) ? undefined : 'audience';
}

/** `scope` is text, `scp` may be a list. */
function scopesOf({ scope, scp }: Claims): string[] {
  const given = scope ?? scp;
  return (Array.isArray(given) ? given.map(String) : String(given ?? '').split(' ')).filter(Boolean);
}

/** The token may have the prefix `Bearer `. */
function tokenIn(value: string | undefined): string {
  return (value ?? '').replace(/^bearer /i, '');
}

/** Names what the token should have, so that people can issue one. */
function faultText(fault: TokenFault = 'malformed', issuers: string[], audiences: string[] = []): string {
  const wanted = { issuer: issuers, audience: audiences };
  const expected = fault === 'issuer' || fault === 'audience' ? ` (${wanted[fault].join(', ')})` : '';
  return `its token cannot be accepted, because ${TOKEN_FAULTS[fault]}${expected}`;
}
