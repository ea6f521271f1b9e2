/**
 * Behavior of HTTP APIs, REST APIs and function URLs that no public source documents. If you measure the real
 * behavior, change it here.
 *
 * Assumptions that are part of other code:
 * - A route with a part that is not run fails as if its integration failed (`failures`).
 * - HTTP APIs and function URLs decode the path and its parameters; REST APIs pass the path unchanged, and decode its
 *   parameters (`proxyEvent`).
 * - For routes that IAM authorizes, an `Authorization` header that is not a signature is ignored (`HttpCallers`).
 * - A REST API checks the signature and the policies before the API key, and the key before the integration. It asks
 *   its policy only for methods that it has (`HttpCallers`).
 * - A trailing slash makes no difference to the route, and is not part of the ARN in `execute-api:Invoke`
 *   (`RouteTable`, `HttpCallers`).
 * - Throttling comes before the signature. Methods and routes without settings of their own share the bucket of their
 *   stage, as those of WebSocket APIs do (`HttpApis`).
 * - A usage plan's throttle of a method is taken before the plan's own (`ApiKeys`).
 * - `HEAD` is answered like `GET` if a route accepts it, without the body (`HttpApis`).
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
