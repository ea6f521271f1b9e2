/** The headers that S3 stores with an object and returns with it. */
import type { IncomingHttpHeaders } from 'node:http';

const KEPT =
  /^(cache-control|content-disposition|content-encoding|content-language|content-type|expires|x-amz-meta-.+)$/;

/** S3's default content type. */
const DEFAULT_TYPE = 'binary/octet-stream';

/** Query parameters that override stored headers in a response. */
const OVERRIDE =
  /^response-(cache-control|content-disposition|content-encoding|content-language|content-type|expires)$/;

/** Printable ASCII. */
const IN_HEADERS = /^[ -~]*$/;

/** The headers to store from an upload. */
export function headersToKeep(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    KEPT.test(name) && value !== undefined ? [[name, String(value)]] : [],
  );
  const result: Record<string, string> = { 'content-type': DEFAULT_TYPE, ...Object.fromEntries(kept) };
  // aws-chunked is the encoding of the upload, not of the object.
  const encodings = (result['content-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked');
  delete result['content-encoding'];
  return encodings.length === 0 ? result : { ...result, 'content-encoding': encodings.join(',') };
}

/** The headers of a response with the object. */
export function headersToGive(kept: Record<string, string>, query: URLSearchParams): Record<string, string> {
  const asked = [...query].flatMap(([name, value]): [string, string][] => {
    const [, header] = OVERRIDE.exec(name) ?? [];
    return header === undefined || !IN_HEADERS.test(value) ? [] : [[header, value]];
  });
  return { 'content-type': DEFAULT_TYPE, ...kept, ...Object.fromEntries(asked) };
}
