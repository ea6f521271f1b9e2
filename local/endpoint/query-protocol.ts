/** AWS's Query protocol: requests are forms with `Action=…` and flattened members, responses are XML. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Json, JsonObject } from '../assembly/values/json';
import { type XmlElement, xmlDocument } from './xml';

/** Deeper than the names of any service. */
const MAX_DEPTH = 10;

export interface QueryRequest {
  action: string;
  /** `A.B=c` as `{ A: { B: 'c' } }`, lists as objects with the keys `1`, `2` …. Every value is text. */
  input: JsonObject;
}

/** From the body, or from the URL if there is none. `undefined` for requests of other protocols. */
export function readQuery(url: string, body: Buffer): QueryRequest | undefined {
  const parameters = new URLSearchParams(body.length > 0 ? body.toString() : (url.split('?')[1] ?? ''));
  const action = parameters.get('Action');
  if (action === null) return undefined;
  const input: JsonObject = Object.create(null);
  for (const [name, value] of parameters) place(input, name.split('.'), value);
  return { action, input };
}

function place(root: JsonObject, path: string[], value: string): void {
  if (path.length > MAX_DEPTH) return;
  let node = root;
  for (const [index, key] of path.entries()) {
    if (index === path.length - 1) {
      node[key] = value;
      return;
    }
    const next = node[key];
    if (typeof next === 'object' && next !== null && !Array.isArray(next)) node = next;
    else {
      const made: JsonObject = Object.create(null);
      node[key] = made;
      node = made;
    }
  }
}

/** The values of a list in order: from `{ 1: a, 2: b }`, or from `{ member: … }` around it. */
export function queryList(value: Json | undefined): Json[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const list = typeof value.member === 'object' ? queryList(value.member) : undefined;
  if (list) return list;
  return Object.entries(value)
    .filter(([key]) => /^\d+$/.test(key))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, one]) => one);
}

/** `{ActionResponse}` with `{ActionResult}` and the request's id. */
export function answerQuery(
  response: ServerResponse,
  action: string,
  result: XmlElement | undefined,
  namespace: string,
): void {
  answerXml(response, 200, `${action}Response`, namespace, {
    [`${action}Result`]: result,
    ResponseMetadata: { RequestId: randomUUID() },
  });
}

export function answerQueryError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  namespace: string,
): void {
  answerXml(response, status, 'ErrorResponse', namespace, {
    Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
    RequestId: randomUUID(),
  });
}

function answerXml(
  response: ServerResponse,
  status: number,
  name: string,
  namespace: string,
  content: XmlElement,
): void {
  const body = xmlDocument(name, content, namespace);
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
