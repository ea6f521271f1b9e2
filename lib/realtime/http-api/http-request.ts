/** What the API gets and answers: requests of an HTTP API or of a function URL, in payload format 2.0. */

/** Only the fields that are read. Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway". */
export interface HttpApiEvent {
  rawPath: string;
  /** With names in lower case. */
  headers: Record<string, string | undefined>;
  requestContext: { http: { method: string } };
  body?: string;
  isBase64Encoded: boolean;
}

export interface HttpApiAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/** A request above this size is refused. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** `/api` or `/api/publish`, after the name of a stage, or of a domain's mapping. */
const PATH = /(?:^|\/)api(?:\/([a-z_]{1,64}))?\/?$/;

/** The method after `/api/`; empty for `/api` itself, and `undefined` for another path. */
export function methodIn({ rawPath }: HttpApiEvent): string | undefined {
  const matched = PATH.exec(rawPath);
  return matched ? (matched[1] ?? '') : undefined;
}

/** `undefined` for a body that is too large. */
export function bodyOf({ body = '', isBase64Encoded }: HttpApiEvent): string | undefined {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  return bytes.length > MAX_BODY_BYTES ? undefined : bytes.toString('utf8');
}

export function jsonAnswer(value: unknown, statusCode = 200): HttpApiAnswer {
  return jsonTextAnswer(JSON.stringify(value), statusCode);
}

export function jsonTextAnswer(body: string, statusCode = 200): HttpApiAnswer {
  return { statusCode, headers: { 'content-type': 'application/json' }, body };
}

/** The text of a status, which is Centrifugo's response to an unreadable request. */
export function statusAnswer(statusCode: number, body: string): HttpApiAnswer {
  return { statusCode, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
