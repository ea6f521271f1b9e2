/** Sends one HTTP request for an integration, within its time limit. Does not follow redirects. */
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock } from '../../clock';
import { MAX_SERVICE_ANSWER_BYTES } from '../quotas';

export interface HttpCall {
  url: URL;
  method: string;
  headers: OutgoingHttpHeaders;
  /** Absent if the request has no body. */
  body?: Buffer;
  timeoutMillis: number;
  /** Connects here instead of to the URL's host, over plain HTTP. */
  via?: { host: string; port: number } | undefined;
}

export interface HttpAnswer {
  statusCode: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Rejects if the backend cannot be reached, or if its response is cut short or too large. */
export function callHttp(
  { url, method, headers, body, timeoutMillis, via }: HttpCall,
  clock: Clock,
): Promise<HttpAnswer | 'timedOut'> {
  return new Promise((resolve, reject) => {
    const isPlain = via !== undefined || url.protocol === 'http:';
    const outgoing = (isPlain ? requestHttp : requestHttps)({
      host: via?.host ?? url.hostname.replace(/^\[|\]$/g, ''),
      port: via?.port ?? (url.port || undefined),
      method,
      path: `${url.pathname}${url.search}`,
      headers: {
        host: url.host,
        ...headers,
        ...(body !== undefined && { 'content-length': body.length }),
      },
    });
    const alarm = clock.after(timeoutMillis, () => {
      resolve('timedOut');
      outgoing.destroy();
    });
    const fail = (error: Error): void => {
      alarm.cancel();
      reject(error);
    };
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('error', fail);
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_SERVICE_ANSWER_BYTES)
          outgoing.destroy(new Error('the response is larger than 10 MB'));
        else chunks.push(chunk);
      });
      response.on('end', () => {
        alarm.cancel();
        const { statusCode = 500, headers: answered } = response;
        resolve({ statusCode, headers: answered, body: Buffer.concat(chunks) });
      });
    });
    outgoing.end(body);
  });
}
