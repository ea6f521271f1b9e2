/** Signs the runtime's own requests: those of API Gateway to the local services, and those to another DynamoDB. */
import { canonicalRequest, sha256, signatureOf, signingKey, stringToSign } from './canonical-request';
import type { Credentials } from './identities';
import { ALGORITHM, basicFormat } from './signed-request';

export interface RequestToSign {
  method: string;
  /** Includes the query. */
  path: string;
  host: string;
  body: string | Uint8Array;
}

/** The headers that sign the request. `now` is in milliseconds since the epoch. */
export function signatureHeaders(
  { method, path, host, body }: RequestToSign,
  { region, service }: { region: string; service: string },
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  now = Date.now(),
): Record<string, string> {
  const timestamp = basicFormat(now);
  const scope = { day: timestamp.slice(0, 8), region, service };
  const payloadHash = sha256(body);
  const headers: Record<string, string> = {
    host,
    ...(service === 's3' && { 'x-amz-content-sha256': payloadHash }),
    'x-amz-date': timestamp,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const signedHeaders = Object.keys(headers);
  const head = { method, url: path, headers, rawHeaders: Object.entries(headers).flat() };
  const canonical = canonicalRequest(head, { service, signedHeaders, payloadHash });
  const key = signingKey(secretAccessKey, scope);
  const signature = signatureOf(key, stringToSign(timestamp, scope, canonical)).toString('hex');
  const credential = `${accessKeyId}/${scope.day}/${region}/${service}/aws4_request`;
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`,
  };
}
