/**
 * Checks that a management call has a well-formed SigV4 signature, in its header or its query. Does not verify it.
 */
import type { IncomingMessage } from 'node:http';
import type { Refusal } from './refusal';

const CREDENTIAL = /^[^/\s]+\/\d{8}\/[a-z0-9-]+\/[a-z0-9-]+\/aws4_request$/;
const SIGNATURE = /^[0-9a-f]{64}$/;
const AUTHORIZATION = /^AWS4-HMAC-SHA256\s+(.+)$/;

const MISSING: Refusal = {
  status: 403,
  message: 'Missing Authentication Token',
  errorType: 'MissingAuthenticationTokenException',
};

/** Why the call is refused; undefined if it may pass. */
export function checkSignature(request: IncomingMessage): Refusal | undefined {
  const parts = headerParts(request.headers.authorization) ?? queryParts(request.url ?? '');
  if (!parts) return MISSING;
  const { credential = '', signedHeaders = '', signature = '' } = parts;
  return CREDENTIAL.test(credential) && signedHeaders !== '' && SIGNATURE.test(signature)
    ? undefined
    : MISSING;
}

interface SignatureParts {
  credential?: string | undefined;
  signedHeaders?: string | undefined;
  signature?: string | undefined;
}

function headerParts(authorization = ''): SignatureParts | undefined {
  const [, list] = AUTHORIZATION.exec(authorization) ?? [];
  if (!list) return undefined;
  const fields = new Map(
    list.split(',').map((field): [string, string] => {
      const at = field.indexOf('=');
      return [field.slice(0, at).trim(), field.slice(at + 1).trim()];
    }),
  );
  return {
    credential: fields.get('Credential'),
    signedHeaders: fields.get('SignedHeaders'),
    signature: fields.get('Signature'),
  };
}

function queryParts(url: string): SignatureParts | undefined {
  const at = url.indexOf('?');
  if (at < 0) return undefined;
  const query = new URLSearchParams(url.slice(at));
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') return undefined;
  return {
    credential: query.get('X-Amz-Credential') ?? undefined,
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? undefined,
    signature: query.get('X-Amz-Signature') ?? undefined,
  };
}
