import type { IncomingMessage } from 'node:http';

/**
 * The AWS service that a request was signed for, as in `Credential=AKIA…/20260101/us-east-1/dynamodb/aws4_request`: in the
 * Authorization header or, of a presigned URL, in the query. `undefined` if the request is not signed.
 */
export function signedService(request: IncomingMessage): string | undefined {
  const fromHeader = /^AWS4-[A-Z0-9-]+\s+.*?Credential=([^,\s]+)/.exec(request.headers.authorization ?? '');
  const credential = fromHeader?.[1] ?? presignedCredential(request.url ?? '');
  if (credential === undefined) return undefined;
  const parts = credential.split('/');
  return parts.length >= 5 && parts.at(-1) === 'aws4_request' ? parts.at(-2) : undefined;
}

function presignedCredential(url: string): string | undefined {
  const [, query] = url.split('?', 2);
  return query?.includes('X-Amz-Credential')
    ? (new URLSearchParams(query).get('X-Amz-Credential') ?? undefined)
    : undefined;
}
