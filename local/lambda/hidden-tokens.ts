/**
 * Removes JWTs and what authorizers read from logged events, because anyone who reads a token could connect as its
 * owner.
 */

/** JWS Compact Serialization (RFC 7515) of a header that is a JSON object. */
const JWT = /\bey[AJ][\w-]+\.[\w-]+\.[\w-]+/g;

/** A JSON text, which may be cut off. */
const TEXT = String.raw`"(?:[^"\\]|\\.)*"?`;

/** Members of events that have a client's token, whatever its form. */
const OF_AUTHORIZERS = new RegExp(
  String.raw`("(?:authorization|authorizationToken|identitySource)":)(?:${TEXT}|\[(?:${TEXT},?)*\]?)`,
  'gi',
);

export function withoutTokens(text: string): string {
  return text.replace(OF_AUTHORIZERS, '$1"(hidden)"').replace(JWT, '(JWT)');
}
