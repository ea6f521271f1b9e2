/** The CORS that HTTP APIs and function URLs handle themselves. Source: "Configure CORS for HTTP APIs". */
import type { IncomingHttpHeaders } from 'node:http';
import type { CorsRules } from '../assembly/model';

/** Answers a preflight request to any path without the function. */
export function isPreflight(method: string, headers: IncomingHttpHeaders): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

export function preflightHeaders(rules: CorsRules, headers: IncomingHttpHeaders): Record<string, string> {
  const origin = allowedOrigin(rules, headers.origin);
  if (origin === undefined) return {};
  return {
    'access-control-allow-origin': origin,
    ...(rules.allowMethods.length > 0 && { 'access-control-allow-methods': rules.allowMethods.join(',') }),
    ...(rules.allowHeaders.length > 0 && { 'access-control-allow-headers': rules.allowHeaders.join(',') }),
    ...(rules.maxAgeSeconds !== undefined && { 'access-control-max-age': String(rules.maxAgeSeconds) }),
    ...(rules.allowCredentials && { 'access-control-allow-credentials': 'true' }),
  };
}

/** Replaces the function's CORS headers in all other responses. */
export function responseHeaders(rules: CorsRules, origin: string | undefined): Record<string, string> {
  const allowed = allowedOrigin(rules, origin);
  if (allowed === undefined) return {};
  return {
    'access-control-allow-origin': allowed,
    ...(rules.exposeHeaders.length > 0 && { 'access-control-expose-headers': rules.exposeHeaders.join(',') }),
    ...(rules.allowCredentials && { 'access-control-allow-credentials': 'true' }),
  };
}

function allowedOrigin({ allowOrigins }: CorsRules, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  if (allowOrigins.includes('*')) return '*';
  return allowOrigins.some((allowed) => matches(allowed, origin)) ? origin : undefined;
}

/** `https://*` and `http://*` match every origin of the scheme. */
function matches(allowed: string, origin: string): boolean {
  return allowed === origin || (/^https?:\/\/\*$/.test(allowed) && origin.startsWith(allowed.slice(0, -1)));
}
