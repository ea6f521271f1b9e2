/** Code for test handlers that signs a request with the function's own credentials, without a library. */
export const SIGNING = `
import { createHash, createHmac } from 'node:crypto';
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
function signed({ method = 'POST', host, path, query = '', service, body = '' }) {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = process.env;
  const date = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '') + 'Z';
  const scope = [date.slice(0, 8), AWS_REGION, service, 'aws4_request'];
  const names = 'host;x-amz-date;x-amz-security-token';
  const headers = 'host:' + host + '\\nx-amz-date:' + date + '\\nx-amz-security-token:' + AWS_SESSION_TOKEN + '\\n';
  const signedPath = service === 's3' ? path : path.split('/').map(encodeURIComponent).join('/');
  const request = [method, signedPath, query, headers, names, sha256(body)].join('\\n');
  const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(request)].join('\\n');
  const signature = hmac(scope.reduce(hmac, 'AWS4' + AWS_SECRET_ACCESS_KEY), text).toString('hex');
  return {
    authorization: 'AWS4-HMAC-SHA256 Credential=' + AWS_ACCESS_KEY_ID + '/' + scope.join('/') + ', SignedHeaders=' + names + ', Signature=' + signature,
    'x-amz-date': date,
    'x-amz-security-token': AWS_SESSION_TOKEN,
  };
}
`;
