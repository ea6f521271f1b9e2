/**
 * POST of an object: a browser's form with a policy that a function has signed.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
import { rm } from 'node:fs/promises';
import { xmlDocument } from '../endpoint/xml';
import type { BucketFolder, StoredObject } from './bucket-folder';
import { headersToKeep } from './object-headers';
import { namesToWrite } from './object-key';
import { readPostForm } from './post-form';
import { PostPolicy } from './post-policy';
import { receiveFile } from './received-body';
import { invalidArgument, type S3Error } from './s3-error';
import { type S3Response, versionHeaders } from './s3-response';

/** A form whose signer must be allowed to put the object. */
export interface SignedForm {
  fields: ReadonlyMap<string, string>;
  bucketName: string;
  key: string;
}

/** @throws {S3Error} if the form's signature is not valid, or its signer may not put the object */
export type AuthorizeForm = (form: SignedForm) => void;

export interface PostObjectOptions {
  /** Undefined if signatures are not verified. */
  authorize: AuthorizeForm | undefined;
  /** The time, in milliseconds since the epoch, by which policies expire. */
  now: () => number;
}

/** `${filename}` */
const FILE_NAME = /\$\{filename\}/g;

const ANYTHING = { min: 0, max: Number.POSITIVE_INFINITY };

/**
 * Stores the form's file. Answers after `onStored`.
 * @throws {S3Error} if the form is refused
 */
export async function postObject(
  bucket: BucketFolder,
  answer: S3Response,
  { authorize, now }: PostObjectOptions,
  onStored: (object: StoredObject) => void,
): Promise<void> {
  const { bucketName } = bucket;
  const form = await readPostForm(answer.request);
  try {
    const fields = new Map(
      [...form.fields].map(([name, value]) => [
        name,
        name === 'policy' ? value : value.replaceAll(FILE_NAME, () => form.fileName),
      ]),
    );
    const key = fields.get('key');
    if (key === undefined) throw missingField('key');
    authorize?.({ fields, bucketName, key });
    const encoded = fields.get('policy');
    const policy = encoded === undefined ? undefined : new PostPolicy(encoded);
    policy?.check(fields, bucketName, now());
    namesToWrite(key);
    await bucket.ensure();
    const path = bucket.temporaryPath();
    try {
      const headers = headersIn(fields);
      const received = await receiveFile(form.file, answer.request, {
        ...{ path, headers, range: policy?.sizeRange ?? ANYTHING },
      });
      const object = await bucket.store(key, path, received, headersToKeep(headers), () => {});
      onStored(object);
      respond(answer, bucketName, object, fields);
    } finally {
      await rm(path, { force: true });
    }
  } catch (error) {
    form.discard();
    throw error;
  }
}

/** As S3 does, encodes values that headers cannot have as RFC 2047 says. */
function headersIn(fields: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    [...fields]
      .filter(([name]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name))
      .map(([name, value]) => [
        name,
        /^[ -~]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`,
      ]),
  );
}

function respond(
  answer: S3Response,
  bucketName: string,
  object: StoredObject,
  fields: ReadonlyMap<string, string>,
): void {
  const { key, eTag } = object;
  const redirect = redirection(fields.get('success_action_redirect') ?? fields.get('redirect'));
  if (redirect) {
    for (const [name, value] of Object.entries({ bucket: bucketName, key, etag: `"${eTag}"` }))
      redirect.searchParams.append(name, value);
    answer.empty(303, { ...versionHeaders(object), location: redirect.href });
    return;
  }
  const path = key.split('/').map(encodeURIComponent).join('/');
  // The path of the form's URL: the bucket, or nothing if the host names it.
  const [base = ''] = (answer.request.url ?? '').split('?');
  const location = `http://${answer.request.headers.host}${base.replace(/\/$/, '')}/${path}`;
  const headers = { ...versionHeaders(object), location };
  const status = fields.get('success_action_status');
  if (status === '201') {
    const content = { Location: location, Bucket: bucketName, Key: key, ETag: `"${eTag}"` };
    answer.xml(xmlDocument('PostResponse', content, ''), 201, headers);
  } else {
    answer.empty(status === '200' ? 200 : 204, headers);
  }
}

/** S3 ignores a URL that it cannot use. */
function redirection(url: string | undefined): URL | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  return parsed.protocol === 'http:' || parsed.protocol === 'https:' ? parsed : undefined;
}

export function missingField(name: string): S3Error {
  return invalidArgument(
    name,
    '',
    `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
  );
}
