/** The parts of a request that both payload formats need. */
import type { IncomingMessage } from 'node:http';
import type { HttpApi } from '../assembly/model';
import { FORWARDED_PORT, FORWARDED_PROTO } from '../gateway/assumptions';
import { sourceIp } from '../gateway/connect-request';
import { TEXT_TYPES } from './assumptions';
import type { Caller } from './caller';
import type { StagedAddress } from './method-arn';
import type { MatchedRoute } from './route-table';

/** A request whose caller is not known yet. */
export type ArrivedRequest = Omit<ProxyRequest, 'caller'>;

export interface ProxyRequest {
  address: StagedAddress;
  matched: MatchedRoute;
  method: string;
  /** In the client's case and order, with all values of a repeated header. */
  headers: [name: string, values: string[]][];
  rawQuery: string;
  query: [name: string, values: string[]][];
  cookies: string[];
  body: string | undefined;
  isBase64Encoded: boolean;
  sourceIp: string;
  userAgent: string | undefined;
  caller: Caller;
  requestId: string;
  time: number;
}

/** Headers of one connection, which API Gateway does not pass on. */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer']);

export function headersFor(
  request: IncomingMessage,
  domainName: string,
  traceId: string,
): ProxyRequest['headers'] {
  const all = new Map<string, [string, string[]]>();
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? '';
    const key = name.toLowerCase();
    if (OF_CONNECTION.has(key)) continue;
    const header = all.get(key) ?? [name, []];
    header[1].push(request.rawHeaders[i + 1] ?? '');
    all.set(key, header);
  }
  const put = (name: string, value: string) => {
    const key = name.toLowerCase();
    all.set(key, [all.get(key)?.[0] ?? name, [value]]);
  };
  put('Host', domainName);
  put('X-Amzn-Trace-Id', all.get('x-amzn-trace-id')?.[1].at(-1) ?? traceId);
  put('X-Forwarded-For', [...(all.get('x-forwarded-for')?.[1] ?? []), sourceIp(request)].join(', '));
  put('X-Forwarded-Port', FORWARDED_PORT);
  put('X-Forwarded-Proto', FORWARDED_PROTO);
  return [...all.values()];
}

export function queryOf(url: string): Pick<ProxyRequest, 'rawQuery' | 'query'> {
  const at = url.indexOf('?');
  const rawQuery = at < 0 ? '' : url.slice(at + 1);
  const parameters = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    const values = parameters.get(name);
    if (values) values.push(value);
    else parameters.set(name, [value]);
  }
  return { rawQuery, query: [...parameters] };
}

export function bodyOf(
  body: Buffer,
  { kind, binaryMediaTypes }: HttpApi,
  contentType: string | undefined,
): Pick<ProxyRequest, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { body: undefined, isBase64Encoded: false };
  const isBinary =
    kind === 'REST'
      ? isAmong(contentType, binaryMediaTypes)
      : contentType !== undefined && !TEXT_TYPES.test(contentType);
  return { body: body.toString(isBinary ? 'base64' : 'utf8'), isBase64Encoded: isBinary };
}

/** Whether a REST API's `binaryMediaTypes` include this type, directly or by a wildcard. */
export function isAmong(type: string | undefined, mediaTypes: string[]): boolean {
  const wanted = type?.split(/[;,]/, 1)[0]?.trim().toLowerCase();
  return mediaTypes.some((mediaType) => mediaType === '*/*' || mediaType.toLowerCase() === wanted);
}
