/** Which pages may connect. API Gateway does not check the Origin header, and CORS does not apply to WebSockets. */

/** The origins of a developer's own pages. */
const LOCAL_ORIGINS = ['http://localhost:*', 'http://127.0.0.1:*', 'http://[::1]:*'];

/** The origins in `ALLOWED_ORIGINS` and, on the developer's own machine, its pages. */
export function allowedOrigins({
  ALLOWED_ORIGINS = '',
  SHARED_CONNECTION_LOCAL,
}: NodeJS.ProcessEnv): string[] {
  const listed = ALLOWED_ORIGINS.split(',')
    .map((origin) => origin.trim())
    .filter(Boolean);
  return SHARED_CONNECTION_LOCAL === 'true' ? [...listed, ...LOCAL_ORIGINS] : listed;
}

/**
 * Whether a handshake's `Origin` is allowed. A client that sends none is not a browser, and is allowed.
 * `*` allows every page. A port may be `*`, as in `http://localhost:*`.
 */
export function originAllowed(origin: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined) return true;
  return allowed.some((pattern) => pattern === '*' || matches(pattern.toLowerCase(), origin.toLowerCase()));
}

function matches(pattern: string, origin: string): boolean {
  if (!pattern.endsWith(':*')) return pattern === origin;
  const host = pattern.slice(0, -2);
  return origin === host || (origin.startsWith(`${host}:`) && /^\d+$/.test(origin.slice(host.length + 1)));
}
