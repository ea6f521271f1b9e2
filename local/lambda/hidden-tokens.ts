/** Removes JWTs from logged events, because anyone who reads one could connect as its owner. */

/** JWS Compact Serialization (RFC 7515) of a header that is a JSON object. */
const JWT = /\bey[AJ][\w-]+\.[\w-]+\.[\w-]+/g;

export function withoutTokens(text: string): string {
  return text.replace(JWT, '(JWT)');
}
