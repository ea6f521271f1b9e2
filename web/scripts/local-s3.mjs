/**
 * Requests to the local runtime's S3, which is at the same address as this page. They are signed like every request
 * to S3. The credentials are the same on every developer's machine, so this file contains no secret.
 */
const KEY = 'local';
const REGION = 'us-east-1';
const SIGNED_HEADERS = 'host;x-amz-content-sha256;x-amz-date';
const UNSIGNED_BODY = 'UNSIGNED-PAYLOAD';

export async function localS3(path, { method = 'GET', body } = {}) {
  const headers = await signed(method, path, new Date());
  return fetch(path, { method, body, headers, cache: 'no-store' });
}

/** Source: "Signature Version 4 signing process" for S3. `path` has no query and nothing to encode. */
async function signed(method, path, now) {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers = `host:${location.host}\nx-amz-content-sha256:${UNSIGNED_BODY}\nx-amz-date:${time}\n`;
  const canonical = [method, path, '', headers, SIGNED_HEADERS, UNSIGNED_BODY].join('\n');
  const scope = `${day}/${REGION}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, hex(await sha256(canonical))].join('\n');
  let key = bytes(`AWS4${KEY}`);
  for (const part of [day, REGION, 's3', 'aws4_request']) key = await hmac(key, part);
  const signature = hex(await hmac(key, toSign));
  return {
    'x-amz-content-sha256': UNSIGNED_BODY,
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${KEY}/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`,
  };
}

function bytes(text) {
  return new TextEncoder().encode(text);
}

function sha256(text) {
  return crypto.subtle.digest('SHA-256', bytes(text));
}

async function hmac(key, text) {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return crypto.subtle.sign('HMAC', imported, bytes(text));
}

function hex(buffer) {
  return [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
