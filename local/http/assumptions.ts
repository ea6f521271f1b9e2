/**
 * What no public source tells of HTTP APIs, REST APIs and function URLs. Whoever measures the real behaviour changes it here.
 *
 * Assumptions that are a way of doing things, and where they are done:
 * - A route whose part is not run fails as it does when its integration fails (`failures`).
 * - HTTP APIs and function URLs decode the path and its parameters; REST APIs pass the path as it came, and decode its
 *   parameters (`proxyEvent`).
 * - `HEAD` is answered like `GET` where a route takes it, without the body (`HttpApis`).
 */

/** What an HTTP API or a function URL passes as text. Everything else travels as base64: forms, for one. */
export const TEXT_TYPES = /^(text\/[^;]*|application\/(json|xml|javascript|[^;]*\+(json|xml)))\s*(;|$)/i;

/** The type of a body whose function names none. Of REST APIs and function URLs it is documented. */
export const DEFAULT_CONTENT_TYPE = {
  HTTP: 'text/plain;charset=UTF-8',
  REST: 'application/json',
  FUNCTION_URL: 'application/json',
} as const;

/** The most that a request may hold: the payload quota of API Gateway. Lambda's own, 6 MB, is in the function host. */
export const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
