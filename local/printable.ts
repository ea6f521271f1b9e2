/**
 * Text from functions, clients and file names, made safe for a terminal: it cannot move the cursor, set a title or
 * change the text direction.
 */

/** Control characters, line separators, and characters that change the text direction. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);
/** Color sequences (ECMA-48, SGR). */
const ESCAPE = '\u001b';
const COLOURS = new RegExp(`${ESCAPE}\\[[\\d;:]*m`, 'g');

/** One line. Line breaks are escaped, too. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT.get(character) ?? escaped(character));
}

/** Keeps line breaks and tabs, removes colors, and escapes other control characters. */
export function printableLines(text: string): string {
  return text
    .replace(COLOURS, '')
    .replaceAll('\r\n', '\n')
    .replace(UNPRINTABLE, (character) =>
      character === '\n' || character === '\t' ? character : escaped(character),
    );
}

/** The same JSON, with characters escaped that a terminal would interpret. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
