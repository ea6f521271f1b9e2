/**
 * All readers of text from strangers take linear time, for any text. The texts are so long that a reader with
 * quadratic time would take minutes on any machine.
 */
import type { IncomingMessage } from 'node:http';
import { signedService } from '../../local/endpoint/credential-scope';
import { Guard } from '../../local/endpoint/guard';
import { HostHeaders } from '../../local/endpoint/host-header';
import { offersWebSocket } from '../../local/endpoint/other-upgrade';
import { xmlElements } from '../../local/endpoint/xml';
import { connectQuery } from '../../local/gateway/connect-request';
import { RouteSelection } from '../../local/gateway/route-selection';
import { checkSignature } from '../../local/gateway/signature';
import { decodeAwsChunked, isAwsChunked } from '../../local/s3/aws-chunked';
import { readRange } from '../../local/s3/byte-range';
import { headersToGive, headersToKeep } from '../../local/s3/object-headers';
import { checkWrite, isNotModified } from '../../local/s3/preconditions';
import { readAddress } from '../../local/s3/s3-address';

const LENGTH = 400_000;

const PIECES = [
  ...[
    ' ',
    '\t',
    ',',
    ', ',
    '/',
    '"',
    '=',
    '%',
    '%25',
    '+',
    '&a=',
    '.',
    '.s3',
    '.s3-',
    '-',
    '0',
    '[',
    '{',
    'W/"',
  ],
  ...[
    '<Part>',
    '<Part ',
    '<Part',
    '</Part>',
    '<Part></Part',
    'Credential=',
    'AWS4-HMAC-SHA256 ',
    'websocket',
    'a',
  ],
];
const BEGINNINGS = [
  ...[
    '',
    'AWS4-HMAC-SHA256 ',
    'AWS4-HMAC-SHA256 Credential=',
    'http://',
    'bytes=',
    '{"action":',
    '<Part>',
    '"',
  ],
];

const object = {
  ...{ key: 'a', size: 1, lastModified: new Date(0), headers: {}, eTag: 'e', versionId: 'v' },
};
const withHeaders = (headers: Record<string, string>, url = '/') =>
  ({
    method: 'GET',
    url,
    headers,
    rawHeaders: Object.entries(headers).flat(),
    httpVersion: '1.1',
  }) as unknown as IncomingMessage;

const guard = new Guard(new HostHeaders('127.0.0.1'));
const routes = new RouteSelection('$request.body.action', 'Api');
const deepRoutes = new RouteSelection('$request.body..action', 'Api');

const READERS: [string, (text: string) => unknown][] = [
  ['a credential', (text) => signedService(withHeaders({ authorization: text }))],
  ['a presigned credential', (text) => signedService(withHeaders({}, `/?X-Amz-Credential=${text}`))],
  ['a signature', (text) => checkSignature(withHeaders({ authorization: text }))],
  ['a Host header', (text) => guard.refuse(withHeaders({ host: text }))],
  ['an Origin', (text) => guard.refuse(withHeaders({ host: 'localhost', origin: text }))],
  ['an Upgrade header', (text) => offersWebSocket(withHeaders({ upgrade: text }))],
  ['a query', (text) => connectQuery(`/?${text}`)],
  ['a message', (text) => routes.select(text)],
  ['a message with a route anywhere', (text) => deepRoutes.select(text)],
  ['XML', (text) => xmlElements(text, 'Part')],
  ['the path of an object', (text) => attempt(() => readAddress('localhost', `/${text}`))],
  ['the host of a bucket', (text) => attempt(() => readAddress(text, '/'))],
  ['a range', (text) => attempt(() => readRange(text, 10))],
  ['an ETag of a reader', (text) => attempt(() => isNotModified({ 'if-match': text }, object))],
  ['an ETag of a writer', (text) => attempt(() => checkWrite({ 'if-match': text }, 'a', object))],
  [
    'a content encoding',
    (text) => [isAwsChunked({ 'content-encoding': text }), headersToKeep({ 'content-encoding': text })],
  ],
  [
    'a header that is asked for',
    (text) => headersToGive({}, new URLSearchParams({ 'response-expires': text })),
  ],
];

/** S3's readers throw to refuse. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

describe('Hostile text', () => {
  it.each(READERS)('is read once: %s', (_, read) => {
    for (const beginning of BEGINNINGS) {
      for (const piece of PIECES) read(`${beginning}${piece.repeat(LENGTH / piece.length)}!`);
    }
  });

  it('in aws-chunked is read in linear time', async () => {
    for (const piece of ['\r', '\n', '0', ';', '1\r\na\r\n', 'f'.repeat(9)]) {
      const bytes = Buffer.from(piece.repeat(LENGTH / piece.length));
      async function* source() {
        for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
      }
      const reading = (async () => {
        for await (const _ of decodeAwsChunked(source(), new Map()));
      })();
      await expect(reading).rejects.toThrow();
    }
  });
});
