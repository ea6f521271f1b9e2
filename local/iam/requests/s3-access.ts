/**
 * The permissions that a request to S3 needs, by its method, path and query.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
import type { IncomingMessage } from 'node:http';
import { partitionOf } from '../../aws-domains';
import type { SignedForm } from '../../s3/post-object';
import { readAddress, type S3Address } from '../../s3/s3-address';
import { S3Error } from '../../s3/s3-error';
import type { AccessApp, WantedAccess } from '../access';

export function s3Access(
  { method = 'GET', url = '/', headers }: IncomingMessage,
  app: AccessApp,
): WantedAccess[] {
  const address = addressOf(headers.host, url);
  if (!address) return [];
  const { bucketName, key, query } = address;
  const bucket = `arn:${partitionOf(app.region)}:s3:::${bucketName}`;
  if (bucketName === undefined) return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
  const actions = key === '' ? [bucketAction(method, query)] : objectActions(method, query, headers);
  return actions.flatMap((action) => (action === undefined ? [] : [wanted(action, { bucket, key, query })]));
}

/** The permissions that an upload form needs. */
export function s3FormAccess({ fields, bucketName, key }: SignedForm, app: AccessApp): WantedAccess[] {
  const address = { bucket: `arn:${partitionOf(app.region)}:s3:::${bucketName}`, key, query: NO_QUERY };
  return [
    wanted('s3:PutObject', address),
    ...(fields.has('acl') ? [wanted('s3:PutObjectAcl', address)] : []),
    ...(fields.has('tagging') ? [wanted('s3:PutObjectTagging', address)] : []),
  ];
}

const NO_QUERY = new URLSearchParams();

/** The permission without which S3 hides whether an object exists. */
export function s3Listing({ url = '/', headers }: IncomingMessage, app: AccessApp): WantedAccess | undefined {
  const address = addressOf(headers.host, url);
  if (!address?.bucketName) return undefined;
  return { action: 's3:ListBucket', resource: `arn:${partitionOf(app.region)}:s3:::${address.bucketName}` };
}

function wanted(
  action: string,
  { bucket, key, query }: Pick<S3Address, 'key' | 'query'> & { bucket: string },
): WantedAccess {
  return {
    action,
    resource: key === '' ? bucket : `${bucket}/${key}`,
    context: (name) => {
      const parameter = /^s3:(prefix|delimiter|max-keys|versionid)$/.exec(name)?.[1];
      if (parameter === undefined) return undefined;
      return query.getAll(parameter === 'versionid' ? 'versionId' : parameter);
    },
  };
}

/** Undefined for unsupported operations. */
function bucketAction(method: string, query: URLSearchParams): string | undefined {
  if (method === 'HEAD') return 's3:ListBucket';
  if (method !== 'GET') return undefined;
  if (query.has('location')) return 's3:GetBucketLocation';
  return query.has('uploads') ? 's3:ListBucketMultipartUploads' : 's3:ListBucket';
}

function objectActions(
  method: string,
  query: URLSearchParams,
  headers: IncomingMessage['headers'],
): (string | undefined)[] {
  const isVersion = query.has('versionId');
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (query.has('uploadId')) return ['s3:ListMultipartUploadParts'];
      return [isVersion ? 's3:GetObjectVersion' : 's3:GetObject'];
    case 'PUT':
    case 'POST':
      return [
        's3:PutObject',
        headers['x-amz-acl'] === undefined ? undefined : 's3:PutObjectAcl',
        headers['x-amz-tagging'] === undefined ? undefined : 's3:PutObjectTagging',
      ];
    case 'DELETE':
      if (query.has('uploadId')) return ['s3:AbortMultipartUpload'];
      return [isVersion ? 's3:DeleteObjectVersion' : 's3:DeleteObject'];
    default:
      return [];
  }
}

/** Undefined for a path that S3 itself refuses. */
function addressOf(host: string | undefined, url: string): S3Address | undefined {
  try {
    return readAddress(host, url);
  } catch (error) {
    if (error instanceof S3Error) return undefined;
    throw error;
  }
}
