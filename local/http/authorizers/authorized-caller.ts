/** What an authorizer knows about a caller, as events show it. */
import { type Claims, claimsOfHttpApi, claimsOfRestApi } from './claims-text';

export type AuthorizedCaller =
  | {
      kind: 'jwt';
      claims: Claims;
      /** The token's scopes, if the route has any. */
      scopes: string[] | null;
    }
  | { kind: 'userPool'; claims: Claims }
  | {
      kind: 'lambda';
      /** Absent after a simple response. */
      principalId?: string;
      context: Record<string, unknown> | null;
      /** How long the function took, in milliseconds. 0 if an earlier result was used. */
      integrationLatency: number;
      usageIdentifierKey?: string;
    };

/** `requestContext.authorizer` in format 1.0. */
export function authorizerOf1(caller: AuthorizedCaller, kind: 'HTTP' | 'REST'): object {
  if (caller.kind === 'jwt') return { claims: claimsOfHttpApi(caller.claims), scopes: caller.scopes };
  if (caller.kind === 'userPool') return { claims: claimsOfRestApi(caller.claims) };
  const { context, principalId, integrationLatency } = caller;
  return {
    ...context,
    ...(principalId !== undefined && { principalId }),
    ...(kind === 'REST' && { integrationLatency }),
  };
}

/**
 * `requestContext.authorizer` in format 2.0, which only HTTP APIs have. `lambda` is `null` without a context, as in events
 * that people have recorded.
 */
export function authorizerOf2(caller: AuthorizedCaller): object {
  if (caller.kind === 'lambda') return { lambda: caller.context };
  const scopes = caller.kind === 'jwt' ? caller.scopes : null;
  return { jwt: { claims: claimsOfHttpApi(caller.claims), scopes } };
}
