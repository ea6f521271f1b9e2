/** What a CONNECT event contains of the client's request: its headers and its query. */
import type { IncomingMessage } from 'node:http';
import type { Address } from './address';
import { FORWARDED_PORT, FORWARDED_PROTO } from './assumptions';

export interface ConnectHeaders {
  headers: Record<string, string>;
  multiValueHeaders: Record<string, string[]>;
}

export interface ConnectQuery {
  queryStringParameters: Record<string, string>;
  multiValueQueryStringParameters: Record<string, string[]>;
}

/** Authorizers get these headers, integrations do not. */
const NOT_PASSED = new Set(['connection', 'upgrade', 'content-length']);

/**
 * The headers of an authorizer's event. They include those of the connection, and a length that the request lacks.
 */
export function authorizerHeaders(
  request: IncomingMessage,
  address: Pick<Address, 'domainName' | 'lowersHeaderNames'>,
  traceId: string,
): ConnectHeaders {
  const { headers, multiValueHeaders } = connectHeaders(request, address, traceId);
  const others = { Connection: 'upgrade', Upgrade: 'websocket', 'content-length': '0' };
  return {
    headers: { ...headers, ...others },
    multiValueHeaders: {
      ...multiValueHeaders,
      ...Object.fromEntries(Object.entries(others).map(([name, value]) => [name, [value]])),
    },
  };
}

/**
 * Names have the client's case, `Host` is the API's domain, and the gateway adds its own, all sorted as in AWS's
 * documented events.
 */
export function connectHeaders(
  request: IncomingMessage,
  { domainName, lowersHeaderNames = false }: Pick<Address, 'domainName' | 'lowersHeaderNames'>,
  traceId: string,
): ConnectHeaders {
  const all = new Map<string, { name: string; values: string[] }>();
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? '';
    const key = name.toLowerCase();
    if (NOT_PASSED.has(key)) continue;
    const header = all.get(key) ?? { name, values: [] };
    header.values.push(request.rawHeaders[i + 1] ?? '');
    all.set(key, header);
  }
  const forwarded = [...(all.get('x-forwarded-for')?.values ?? []), sourceIp(request)].join(', ');
  set(all, 'Host', domainName);
  set(all, 'X-Amzn-Trace-Id', all.get('x-amzn-trace-id')?.values.at(-1) ?? traceId);
  set(all, 'X-Forwarded-For', forwarded);
  set(all, 'X-Forwarded-Port', FORWARDED_PORT);
  set(all, 'X-Forwarded-Proto', FORWARDED_PROTO);
  const sorted = [...all]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, header]) => ({ ...header, ...(lowersHeaderNames && { name: key }) }));
  return {
    headers: Object.fromEntries(sorted.map(({ name, values }) => [name, values.at(-1) ?? ''])),
    multiValueHeaders: Object.fromEntries(sorted.map(({ name, values }) => [name, values])),
  };
}

function set(all: Map<string, { name: string; values: string[] }>, name: string, value: string): void {
  const key = name.toLowerCase();
  all.set(key, { name: all.get(key)?.name ?? name, values: [value] });
}

/** Undefined if the URL has no query; then the event has neither key. Of a repeated parameter, the last value wins. */
export function connectQuery(url: string): ConnectQuery | undefined {
  const at = url.indexOf('?');
  if (at < 0 || at === url.length - 1) return undefined;
  const parameters = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(url.slice(at))) {
    const values = parameters.get(name);
    if (values) values.push(value);
    else parameters.set(name, [value]);
  }
  return {
    queryStringParameters: Object.fromEntries(
      [...parameters].map(([name, values]) => [name, values.at(-1) ?? '']),
    ),
    multiValueQueryStringParameters: Object.fromEntries(parameters),
  };
}

export function sourceIp(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
}
