/** A client's text, made safe for a log. */

const MAX_CHARACTERS = 64;

/**
 * Quoted, of bounded length, and in printable ASCII. It cannot end the line, hide characters or change the text
 * direction.
 */
export function logText(text: string): string {
  const characters = [...text.slice(0, 2 * MAX_CHARACTERS)];
  const shown = characters.slice(0, MAX_CHARACTERS).join('');
  const escaped = JSON.stringify(shown).replace(
    /[^\x20-\x7e]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return shown.length < text.length ? `${escaped}...` : escaped;
}
