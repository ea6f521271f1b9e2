/** Text of functions, clients and file names as a terminal may show it: nothing of it moves a cursor, sets a title or turns text around. */

/** Control characters, line separators and those that change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);
/** What colours text (ECMA-48, SGR). */
const ESCAPE = '\u001b';
const COLOURS = new RegExp(`${ESCAPE}\\[[\\d;:]*m`, 'g');

/** One line: also what would begin another one is escaped. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT.get(character) ?? escaped(character));
}

/** Lines with their tabs. Colours are left out, everything else that is no text is escaped. */
export function printableLines(text: string): string {
  return text
    .replace(COLOURS, '')
    .replaceAll('\r\n', '\n')
    .replace(UNPRINTABLE, (character) =>
      character === '\n' || character === '\t' ? character : escaped(character),
    );
}

/** The same JSON, with escapes where a terminal would obey. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
