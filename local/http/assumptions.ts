/**
 * What no public source tells of HTTP APIs, REST APIs and function URLs. Whoever measures the real behaviour changes it here.
 *
 * Assumptions that are a way of doing things, and where they are done:
 * - A route whose part is not run fails as it does when its integration fails (`failures`).
 * - HTTP APIs and function URLs decode the path and its parameters; REST APIs pass the path as it came, and decode its
 *   parameters (`proxyEvent`).
 * - `HEAD` is answered like `GET` where a route takes it, without the body (`HttpApis`).
 */

/** Content types that an HTTP API or a function URL passes as text. All others are sent as base64, including forms. */
export const TEXT_TYPES = /^(text\/[^;]*|application\/(json|xml|javascript|[^;]*\+(json|xml)))\s*(;|$)/i;

/** The content type of a response without one. It is documented for REST APIs and function URLs. */
export const DEFAULT_CONTENT_TYPE = {
  HTTP: 'text/plain;charset=UTF-8',
  REST: 'application/json',
  FUNCTION_URL: 'application/json',
} as const;

/** The largest request: API Gateway's payload quota. Lambda's own quota, 6 MB, is in the function host. */
export const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
