/** Turns a function's result from a proxy integration into a response. */
import type { HttpApiKind } from '../assembly/model';
import { DEFAULT_CONTENT_TYPE } from './assumptions';
import { isAmong } from './proxy-request';

export interface ProxyAnswer {
  statusCode: number;
  /** The values of a repeated header are in one list. */
  headers: [name: string, values: string[]][];
  body: Buffer;
}

interface AnswerSettings {
  kind: HttpApiKind;
  payloadFormat: '1.0' | '2.0';
  binaryMediaTypes: string[];
  /** The request's Accept header: a REST API decodes base64 only for clients that accept such a type. */
  accept: string | undefined;
}

/** @returns the reason, if API Gateway would consider the result malformed */
export function proxyAnswer(payload: string, settings: AnswerSettings): ProxyAnswer | string {
  const value = parsed(payload);
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (settings.payloadFormat === '2.0' && !(isRecord && 'statusCode' in value)) return inferred(value);
  if (!isRecord) return `${shortened(payload)}, but an object such as { "statusCode": 200 } is required`;
  const { statusCode, headers, multiValueHeaders, cookies, body, isBase64Encoded } = value as Record<
    string,
    unknown
  >;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    return `the statusCode ${JSON.stringify(statusCode)}, but a number such as 200 is required`;
  }
  if (body !== undefined && body !== null && typeof body !== 'string') {
    return 'a body that is not a string: pass it through JSON.stringify';
  }
  const all = answerHeaders(headers, settings.payloadFormat === '1.0' ? multiValueHeaders : undefined);
  if (settings.payloadFormat === '2.0' && Array.isArray(cookies)) {
    all.set('set-cookie', ['set-cookie', cookies.map(String)]);
  }
  if (!all.has('content-type')) {
    all.set('content-type', ['content-type', [DEFAULT_CONTENT_TYPE[settings.kind]]]);
  }
  const isBinary =
    isBase64Encoded === true &&
    (settings.kind !== 'REST' || isAmong(settings.accept ?? '*/*', settings.binaryMediaTypes));
  return {
    statusCode: status,
    headers: [...all.values()],
    body: Buffer.from(body ?? '', isBinary ? 'base64' : 'utf8'),
  };
}

/** In format 2.0 a result without a status code is the body of a 200. */
function inferred(value: unknown): ProxyAnswer {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return {
    statusCode: 200,
    headers: [['content-type', ['application/json']]],
    body: Buffer.from(value === undefined || value === null ? 'null' : text),
  };
}

/** The server sets these headers itself. */
const NOT_TAKEN = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade']);

function answerHeaders(headers: unknown, multiValueHeaders: unknown): Map<string, [string, string[]]> {
  const all = new Map<string, [string, string[]]>();
  for (const [name, value] of entriesOf(headers)) all.set(name.toLowerCase(), [name, [String(value)]]);
  for (const [name, values] of entriesOf(multiValueHeaders)) {
    if (Array.isArray(values)) all.set(name.toLowerCase(), [name, values.map(String)]);
  }
  for (const name of NOT_TAKEN) all.delete(name);
  return all;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
