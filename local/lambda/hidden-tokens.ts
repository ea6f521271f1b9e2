/**
 * Removes JWTs and what authorizers read from logged events, because anyone who reads a token could connect as its
 * owner.
 */

/** JWS Compact Serialization (RFC 7515) of a header that is a JSON object. */
const JWT = /\bey[AJ][\w-]+\.[\w-]+\.[\w-]+/g;

/** A JSON text, which may be cut off. */
const TEXT = String.raw`"(?:[^"\\]|\\.)*"?`;

/** Members of events that contain a client's token or session, whatever its form. */
const SECRET_MEMBERS = new RegExp(
  String.raw`("(?:authorization|authorizationToken|identitySource|cookies?)":)(${TEXT}|\[(?:${TEXT},?)*\]?)`,
  'gi',
);
/** Shorter values, such as `1`, are not replaced elsewhere. */
const SHORTEST_SECRET = 6;
/** Looking for more of them could take seconds, so that nothing of the text is shown. */
const MOST_SECRETS = 200;

/** Hides these members, and their values wherever else they occur in the text, such as in another header or in the query. */
export function withoutTokens(text: string): string {
  const secrets = new Set<string>();
  let shown = text.replace(SECRET_MEMBERS, (_, name: string, values: string) => {
    for (const secret of values.split(/["\s,;]+/)) if (secret.length >= SHORTEST_SECRET) secrets.add(secret);
    return `${name}"(hidden)"`;
  });
  if (secrets.size > MOST_SECRETS) return '(hidden, because it contains too many cookies or tokens)';
  for (const secret of secrets) if (secret !== 'Bearer') shown = shown.replaceAll(secret, '(hidden)');
  return shown.replace(JWT, '(JWT)');
}
