/** The quotas of API Gateway's WebSocket APIs ("Quotas for configuring and running a WebSocket API"). None is adjustable. */

/** "32 KB", per frame. */
export const MAX_FRAME_BYTES = 32 * 1024;
/** "128 KB", per message: the sum of its frames, and the payload of a post. */
export const MAX_MESSAGE_BYTES = 128 * 1024;
/** Without a data message either way. */
export const IDLE_MILLIS = 10 * 60_000;
export const MAX_CONNECTION_MILLIS = 2 * 60 * 60_000;
/** The whole `wss://` URL with its query. */
export const MAX_URL_CHARACTERS = 4096;
/** The request line and all header lines ("Quotas for … REST API": 10,240 bytes, which the WebSocket page does not repeat). */
export const MAX_HEAD_BYTES = 10_240;

/** What a Lambda authorizer may return. */
export const MAX_AUTHORIZER_RESULT_BYTES = 8 * 1024;

/** What the gateway reads of a service's answer: the payload quota of integrations. */
export const MAX_SERVICE_ANSWER_BYTES = 10 * 1024 * 1024;
