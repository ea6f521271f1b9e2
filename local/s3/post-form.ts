/** Reads a browser's upload form, `multipart/form-data`: the fields, and then the file as a stream. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { invalidArgument, S3Error } from './s3-error';

/** S3's limit for everything before the file. */
const MAX_FIELDS_BYTES = 20 * 1024;
/** Of parts; each takes 50 bytes or more of the 20 KB. */
const MAX_FIELDS = 400;

export interface PostForm {
  /** By name in lower case, in the form's order. */
  fields: ReadonlyMap<string, string>;
  /** Fails with an S3Error if the form ends before the file does. */
  file: AsyncIterable<Buffer>;
  /** The last part of the path that the browser sent, or empty. */
  fileName: string;
  /** Stops reading the form, so that the rest of the request can be skipped. */
  discard(): void;
}

/** Whether a browser's form is in the body. Its signature, if it has one, is there, too. */
export function hasPostForm({ method, headers }: IncomingMessage): boolean {
  return method === 'POST' && /^multipart\/form-data\s*(;|$)/i.test(headers['content-type'] ?? '');
}

/**
 * Resolves when the file begins.
 * @throws {S3Error} if the form cannot be read, is too large or has no file
 */
export function readPostForm(request: IncomingMessage): Promise<PostForm> {
  const parser = parserOf(request);
  const fields = new Map<string, string>();
  let bytes = 0;
  return new Promise<PostForm>((resolve, reject) => {
    let file: Readable | undefined;
    const fail = (error: S3Error) => {
      request.unpipe(parser);
      if (file) file.destroy(error);
      else reject(error);
    };
    parser.on('field', (name, value, nameTruncated, valueTruncated) => {
      if (file) return;
      bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
      if (nameTruncated || valueTruncated || bytes > MAX_FIELDS_BYTES) fail(fieldsTooLarge());
      else if (fields.has(name.toLowerCase())) fail(repeated(name));
      else fields.set(name.toLowerCase(), value);
    });
    parser.on('fieldsLimit', () => {
      if (!file) fail(fieldsTooLarge());
    });
    parser.on('file', (_, stream, fileName = '') => {
      file = stream;
      // The parser can fail before the file is read, which then fails, too.
      stream.on('error', () => {});
      const discard = () => {
        request.unpipe(parser);
        stream.resume();
      };
      resolve({
        ...{ fields, discard, file: contentOf(stream) },
        fileName: fileName.split(/[/\\]/).at(-1) ?? '',
      });
    });
    parser.on('error', () => fail(malformed()));
    parser.on('finish', () => {
      if (!file) fail(invalidArgument('file', '0', 'POST requires exactly one file upload per request.'));
    });
    // A pipe does not end if the client disconnects.
    request.once('close', () => {
      if (!request.complete) fail(malformed());
    });
    request.pipe(parser);
  });
}

async function* contentOf(file: Readable): AsyncGenerator<Buffer> {
  try {
    yield* file;
  } catch {
    throw malformed();
  }
}

/** @throws {S3Error} if the request does not name the boundary of the parts */
function parserOf({ headers }: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({
      headers: { ...headers, 'content-type': headers['content-type'] ?? '' },
      isPartAFile: (name) => name?.toLowerCase() === 'file',
      preservePath: true,
      limits: { fieldSize: MAX_FIELDS_BYTES, fields: MAX_FIELDS, files: 1, headerSize: MAX_FIELDS_BYTES },
    });
  } catch {
    throw malformed();
  }
}

function malformed(): S3Error {
  return new S3Error(
    400,
    'MalformedPOSTRequest',
    'The body of your POST request is not well-formed multipart/form-data.',
  );
}

function repeated(name: string): S3Error {
  return invalidArgument(name, '', `Bucket POST must contain the field '${name}' only once.`);
}

function fieldsTooLarge(): S3Error {
  return new S3Error(
    400,
    'MaxPostPreDataLengthExceeded',
    'Your POST request fields preceding the upload file were too large.',
    { MaxPostPreDataLengthBytes: String(MAX_FIELDS_BYTES) },
  );
}
