/**
 * Bodies in the encoding `aws-chunked`: chunks with sizes, optional signatures, and trailing headers with a checksum.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error';

/** Enough for a chunk's size with its signature, or for a trailing header: these have a few hundred characters. */
const MAX_LINE_BYTES = 4096;
/** Enough for a checksum and its signature. */
const MAX_TRAILERS = 20;

export function isAwsChunked(headers: IncomingHttpHeaders): boolean {
  return (
    /(^|,)\s*aws-chunked\s*(,|$)/.test(headers['content-encoding'] ?? '') ||
    String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-')
  );
}

/** Yields the decoded content, and adds trailing headers to `trailers`. Does not verify signatures. */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let leftOfChunk = 0;
  let expects: 'size' | 'data' | 'end of data' | 'trailers' | 'nothing' = 'size';
  for await (const bytes of source) {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length > 0) {
      if (expects === 'nothing') {
        rest = rest.subarray(rest.length);
        break;
      }
      if (expects === 'data') {
        const data = rest.subarray(0, leftOfChunk);
        rest = rest.subarray(data.length);
        leftOfChunk -= data.length;
        if (leftOfChunk === 0) expects = 'end of data';
        yield data;
        continue;
      }
      const lineEnd = rest.indexOf('\r\n');
      if (lineEnd < 0 && rest.length <= MAX_LINE_BYTES) break;
      if (lineEnd < 0 || lineEnd > MAX_LINE_BYTES) throw malformed();
      const line = rest.toString('latin1', 0, lineEnd);
      rest = rest.subarray(lineEnd + 2);
      if (expects === 'size') {
        const [, size] = /^([0-9a-f]{1,12})(?:;.*)?$/i.exec(line) ?? [];
        if (size === undefined) throw malformed();
        leftOfChunk = Number.parseInt(size, 16);
        expects = leftOfChunk === 0 ? 'trailers' : 'data';
      } else if (expects === 'end of data') {
        if (line !== '') throw malformed();
        expects = 'size';
      } else if (expects === 'trailers') {
        const colon = line.indexOf(':');
        if (line === '') expects = 'nothing';
        else if (colon > 0 && trailers.size < MAX_TRAILERS)
          trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
        else throw malformed();
      }
    }
  }
  // The last line may have no line break.
  if (expects === 'trailers' || expects === 'nothing') return;
  throw incompleteBody();
}

export function incompleteBody(): S3Error {
  return new S3Error(
    400,
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  );
}

function malformed(): S3Error {
  return new S3Error(
    400,
    'InvalidRequest',
    'The body is not in the encoding aws-chunked that its headers name',
  );
}
