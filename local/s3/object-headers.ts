/** The headers that S3 keeps with an object and gives back with it. */
import type { IncomingHttpHeaders } from 'node:http';

const KEPT =
  /^(cache-control|content-disposition|content-encoding|content-language|content-type|expires|x-amz-meta-.+)$/;

/** What S3 says of an object whose type nobody told. */
const DEFAULT_TYPE = 'binary/octet-stream';

/** Query parameters by which a reader asks for other headers than were kept. */
const OVERRIDE =
  /^response-(cache-control|content-disposition|content-encoding|content-language|content-type|expires)$/;

/** Printable ASCII. */
const IN_HEADERS = /^[ -~]*$/;

/** What to keep of an upload's headers. */
export function headersToKeep(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    KEPT.test(name) && value !== undefined ? [[name, String(value)]] : [],
  );
  const result: Record<string, string> = { 'content-type': DEFAULT_TYPE, ...Object.fromEntries(kept) };
  // The encoding of the upload is none of the object's.
  const encodings = (result['content-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked');
  delete result['content-encoding'];
  return encodings.length === 0 ? result : { ...result, 'content-encoding': encodings.join(',') };
}

/** What to answer a reader with. */
export function headersToGive(kept: Record<string, string>, query: URLSearchParams): Record<string, string> {
  const asked = [...query].flatMap(([name, value]): [string, string][] => {
    const [, header] = OVERRIDE.exec(name) ?? [];
    return header === undefined || !IN_HEADERS.test(value) ? [] : [[header, value]];
  });
  return { 'content-type': DEFAULT_TYPE, ...kept, ...Object.fromEntries(asked) };
}
