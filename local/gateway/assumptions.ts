/**
 * Behavior of API Gateway that no public source documents. Each constant or function is one assumption. If you
 * measure the real behavior, change it here.
 *
 * Assumptions that are part of other code:
 * - If a client disconnects before `$connect` has answered, there was never a connection, and `$disconnect` does not
 *   run (`ConnectFlow`).
 * - Headers of a CONNECT event are sorted by name; a client's own `X-Forwarded-For` is continued and its trace id
 *   kept; `+` in a query is a space (`connect-request`).
 * - Messages in the bodies of refused handshakes, and the error types of 502 and 504, are those of REST APIs
 *   (`refusal`).
 * - A two-way body above 128 KB counts as a failed integration; a response to a client that does not read is dropped
 *   and logged (`MessageFlow`).
 * - A post gets its 200 when its frame is queued for the client's socket (`Connection.send`).
 * - @connections checks the stage, the signature, the method, the id, the size, the connection, in this order
 *   (`ManagementApi`). Before any use, `lastActiveAt` equals `connectedAt`.
 * - `$disconnect` runs once the TCP connection has ended, with the cause that came first (`Connection`).
 * - A handshake that offers other protocols beside `websocket`, or has a body, is refused with 400, as strict servers
 *   do (`upgradeFault`).
 * - An authorizer's event and the CONNECT event have the same request id. A policy's conditions are not evaluated: an
 *   Allow with one allows nothing, and a Deny with one denies (`policy`). Numbers and booleans of its context are
 *   strings in every event (`Authorizers`).
 * - A MOCK integration without templates and responses sends no response. On `$connect`, without a response for its
 *   status, it refuses the handshake with 500, because the documentation requires a response (`MockIntegrations`).
 * - An HTTP backend that cannot be reached, or whose response breaks off, counts as a failed integration: 502 for the
 *   handshake. A message becomes the request's body. The client's headers and query are sent only for `$connect`
 *   (`HttpIntegrations`).
 * - A Lambda integration other than a proxy has the status 200 unless its function fails. On `$connect`, a failure
 *   gives 502. Elsewhere, a failure without an integration response gives the error frame. An empty request becomes
 *   the event `{}` (`LambdaCustomIntegrations`).
 * - A handshake without a parameter that `$connect` requires is refused with 400 (`Handshake`).
 * - Throttling: one bucket for a stage's `DefaultRouteSettings`, which routes without settings of their own share;
 *   the account's 500 new connections a second may come at once; `$disconnect` is never throttled. Handshakes are
 *   throttled before the authorizer runs, except by a usage plan (`Throttles`, `Handshake`).
 * - API keys are checked after the authorizer, with the answers of REST APIs: 403 `Forbidden`,
 *   429 `Too Many Requests` and 429 `Limit Exceeded`. A usage plan counts handshakes. A message route that requires a key gives the
 *   Forbidden frame to connections that were opened without one. `identity` has `apiKey` and `apiKeyId` in every
 *   event (`ApiKeys`).
 * - A model's `format` is ignored, and `$connect` has no model (`MessageModels`).
 * - Access logs: `status` is 200 for an accepted handshake, and for a message the status that it would have over HTTP
 *   (`AccessLog`).
 * - Every ping is answered with its own pong. If the client does not read, only the latest ping is (`pongs`).
 */

/**
 * permessage-deflate is never negotiated, whatever the client offers. API Gateway negotiates it, with a window-bits
 * bug last seen in 2021. A client that fails without it violates RFC 7692.
 */
export const COMPRESSION = false;

/**
 * Whether a client's ping counts as activity. Unproven: if it does not on AWS, clients that rely on it are
 * disconnected.
 */
export const PINGS_ARE_ACTIVITY: boolean = false;

/** `disconnectReason` for codes whose text was never recorded: 1002, 1003, 1006, 1007, 1008, 1009. */
export const UNRECORDED_REASON = '';

/** How long a client may take to answer a close frame before its TCP connection is cut. */
export const CLOSE_HANDSHAKE_MILLIS = 2_000;

/**
 * Whether a throttled message closes the client's connection with 1008. The documentation lists that code for "too many
 * requests from one client", but no capture shows it. Either way, the client gets an error frame in the usual form.
 */
export const THROTTLED_CLIENTS_ARE_CLOSED: boolean = false;

/** How much data the gateway buffers for a client that does not read. Further posts get 429. */
export const MAX_CLIENT_BUFFER_BYTES = 1024 * 1024;

/** How many invocations of one connection may run before the gateway pauses reading from it. */
export const MAX_MESSAGES_IN_FLIGHT = 1_000;
/** The same for the bytes of their messages. */
export const MAX_BYTES_IN_FLIGHT = 8 * 1024 * 1024;

/** For a URL above the quota. */
export const URL_TOO_LONG_STATUS = 414;

/**
 * For a request line with headers above 10,240 bytes, the limit of REST APIs. Its text has been reported, its status
 * has not. Names, colons and line ends count, although the documentation mentions only values.
 */
export const HEAD_TOO_LARGE_STATUS = 431;
export const HEAD_TOO_LARGE_MESSAGE = 'HTTP header is larger than 10240 bytes.';

/** How long an authorizer may take: the same as an integration. */
export const AUTHORIZER_TIMEOUT_MILLIS = 29_000;

/** `X-Forwarded-Port` and `-Proto` of every CONNECT event: API Gateway listens only for `wss`. */
export const FORWARDED_PORT = '443';
export const FORWARDED_PROTO = 'https';

/** The message of a 413 from @connections. */
export const PAYLOAD_TOO_LARGE_MESSAGE = 'Payload Too Large';
/** The message of a 429 from @connections. The SDK's model has no member for it. */
export const LIMIT_EXCEEDED_MESSAGE = 'Limit Exceeded';
/** The body of a 500 from @connections. The SDK's model has none. */
export const SERVER_FAILURE_TYPE = 'InternalServerErrorException';
export const SERVER_FAILURE_MESSAGE = 'Internal server error';

/** How much of an oversized payload the gateway reads before it closes the connection, so that clients see the 413. */
export const MAX_DISCARDED_BYTES = 10 * 1024 * 1024;

/**
 * A `statusCode` that a function may return. Not a string, and not 1xx, which cannot end a handshake. Anything else
 * makes the result malformed.
 */
export function isUsableStatusCode(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599;
}

/**
 * A `body` that a function may return: text, or nothing. An object or a number makes the result malformed, even on
 * one-way routes, because API Gateway reads the result before it knows whether to send it. `null` counts as nothing.
 * An empty text is sent as an empty frame.
 */
export function isUsableBody(value: unknown): value is string | null | undefined {
  return typeof value === 'string' || value === null || value === undefined;
}

/**
 * How a selected value other than text becomes part of a route key. The documentation says "stringified", with arrays
 * as `[item1, item2]`. There is no public record of numbers, `null` or objects.
 */
export function stringifySelection(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return `[${value.map(stringifySelection).join(', ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What an HTTP backend gets besides mapped and forwarded headers, as from REST APIs. */
export function httpIntegrationHeaders(apiId: string, hasBody: boolean): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': `AmazonAPIGateway_${apiId}`,
    'x-amzn-apigateway-api-id': apiId,
    ...(hasBody && { 'content-type': 'application/json' }),
  };
}

/**
 * Whether a mapping may read a parameter of the handshake. The documentation says that the route must list it in its
 * RequestParameters, but not what happens otherwise. Here, the parameter is absent then.
 */
export function isListedParameter(source: string, listed: readonly string[]): boolean {
  const simple = source.toLowerCase().replace('.multivalue', '.');
  return listed.some((one) => one.toLowerCase().replace('.multivalue', '.') === simple);
}
