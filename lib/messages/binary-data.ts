/**
 * Bytes in text frames. API Gateway closes a connection that sends a binary frame (1003), and it posts text only. So
 * bytes are sent as a data URL, which browsers and Node.js read with `fetch(url)`.
 */

const PREFIX = 'data:application/octet-stream;base64,';

export function toDataUrl(bytes: Uint8Array): string {
  return PREFIX + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The bytes of a data URL, or `undefined` for any other text. */
export function fromDataUrl(text: string): Buffer | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const base64 = text.slice(PREFIX.length);
  const isBase64 = base64.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(base64);
  return isBase64 ? Buffer.from(base64, 'base64') : undefined;
}
