/** Finds the bucket and object of a request: in its path, or in its host as `bucket.s3.region.amazonaws.com`. */
import { S3Error } from './s3-error';

export interface S3Address {
  /** `undefined` for the service itself. */
  bucketName?: string;
  /** Decoded; empty for the bucket itself. */
  key: string;
  query: URLSearchParams;
}

/**
 * Hosts with a region, with dual stack, or with neither, and the local names that the SDKs build from
 * `http://localhost`.
 */
const BUCKET_HOSTS = [
  /^(.+)\.s3[.-](?:dualstack\.)?(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$/,
  /^(.+)\.s3\.localhost$/,
  /^(.+)\.localhost$/,
];

/** @throws {S3Error} if the path cannot be decoded */
export function readAddress(host: string | undefined, url: string): S3Address {
  const mark = url.indexOf('?');
  const [path, query] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
  const decoded = decode(path.replace(/^\//, ''));
  const inHost = bucketInHost(host);
  // Not parsed with URL, which would resolve dots in a key.
  const slash = decoded.indexOf('/');
  const [first, rest] = slash < 0 ? [decoded, ''] : [decoded.slice(0, slash), decoded.slice(slash + 1)];
  const bucketName = inHost ?? first;
  return {
    ...(bucketName === '' ? {} : { bucketName }),
    key: inHost === undefined ? rest : decoded,
    query: new URLSearchParams(query),
  };
}

function bucketInHost(host = ''): string | undefined {
  const name = host.toLowerCase().replace(/:\d+$/, '');
  for (const pattern of BUCKET_HOSTS) {
    const [, bucket] = pattern.exec(name) ?? [];
    if (bucket !== undefined) return bucket === 's3' ? undefined : bucket;
  }
  return undefined;
}

/** In S3's paths, a plus also means a space. `aws s3` and the SDKs encode a real plus as %2B. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path.replaceAll('+', ' '));
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
}
