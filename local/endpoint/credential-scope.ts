import type { IncomingMessage } from 'node:http';

/**
 * The AWS service that a request was signed for, as in `Credential=AKIA…/20260101/us-east-1/dynamodb/aws4_request`:
 * from the Authorization header or, for a presigned URL, from the query. `undefined` if the request is not signed.
 */
export function signedService(request: IncomingMessage): string | undefined {
  const credential =
    headerCredential(request.headers.authorization ?? '') ?? presignedCredential(request.url ?? '');
  if (credential === undefined) return undefined;
  const parts = credential.split('/');
  return parts.length >= 5 && parts.at(-1) === 'aws4_request' ? parts.at(-2) : undefined;
}

const FIELD = 'Credential=';

/** Not one regular expression, which could take a second for a header with many spaces. */
function headerCredential(authorization: string): string | undefined {
  if (!authorization.startsWith('AWS4-')) return undefined;
  const at = authorization.indexOf(FIELD);
  return at < 0 ? undefined : /^[^,\s]+/.exec(authorization.slice(at + FIELD.length))?.[0];
}

function presignedCredential(url: string): string | undefined {
  const query = url.slice(url.indexOf('?') + 1);
  return url.includes('?') && query.includes('X-Amz-Credential')
    ? (new URLSearchParams(query).get('X-Amz-Credential') ?? undefined)
    : undefined;
}
