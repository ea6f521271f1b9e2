/**
 * Prepares text of apps and clients for display: replaces passwords, tokens and keys, and limits the length. This
 * protects secrets in recordings and shared screens. The person who runs the app can read everything anyway.
 */
import { withoutTokens } from '../lambda/hidden-tokens';

const HIDDEN = '(hidden)';
const NAMES = String.raw`[\w-]{0,40}(?:password|passwd|secret|token|authorization|cookie|signature|credential|api[_-]?key|access[_-]?key)[\w-]{0,40}`;

/** `"password": "…"`, also in JSON within a JSON string, and if the text is cut in the middle. */
const IN_JSON = new RegExp(String.raw`(\\*["']${NAMES}\\*["']\s*:\s*\\*["'])((?:[^"'\\]|\\+[^"'\\])*)`, 'gi');
/** `?token=…`, `token=…&`, `Authorization: …` */
const IN_QUERY = new RegExp(String.raw`(?<=[?&;\s]|^)(${NAMES}=)([^&\s"']+)`, 'gi');
const IN_HEADER = /(\b(?:authorization|cookie|set-cookie|x-api-key)\s*:\s*)([^\s"',][^\r\n"']*)/gi;
const BEARER = /\b(Bearer|Basic)\s+[\w+/.=~-]{8,}/g;
/** A JWT whose end was cut off. */
const CUT_TOKEN = /\bey[AJ][\w-]{16,}(?:\.[\w-]*){0,2}$/;

const SECRET_NAME = new RegExp(`^${NAMES}$`, 'i');

export function withoutSecrets(text: string): string {
  return withoutTokens(text)
    .replace(CUT_TOKEN, '(JWT)')
    .replace(BEARER, `$1 ${HIDDEN}`)
    .replace(IN_JSON, `$1${HIDDEN}`)
    .replace(IN_QUERY, `$1${HIDDEN}`)
    .replace(IN_HEADER, `$1${HIDDEN}`);
}

/** Names and values, such as an authorizer's context. */
export function withoutSecretValues(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      SECRET_NAME.test(name) ? HIDDEN : withoutSecrets(beginningOf(String(value))),
    ]),
  );
}

const SHOWN_CHARACTERS = 400;

/** Copies the text, because a slice would keep the whole text in memory. */
export function beginningOf(text: string | Buffer, most = SHOWN_CHARACTERS): string {
  if (typeof text !== 'string') {
    const isCut = text.length > most;
    // Does not split a character.
    return text.toString('utf8', 0, most).replace(/\ufffd$/, '') + (isCut ? '…' : '');
  }
  if (text.length <= most) return text;
  return `${Buffer.from(text.slice(0, most))
    .toString()
    .replace(/\ufffd$/, '')}…`;
}
