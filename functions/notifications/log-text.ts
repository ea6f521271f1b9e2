/** What a client said, as it may stand in a log. */

const MAX_CHARACTERS = 64;

/** In quotes, of bounded length, and of printable ASCII: nothing of it ends the line, hides, or runs the other way round. */
export function logText(text: string): string {
  const characters = [...text.slice(0, 2 * MAX_CHARACTERS)];
  const shown = characters.slice(0, MAX_CHARACTERS).join('');
  const escaped = JSON.stringify(shown).replace(
    /[^\x20-\x7e]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return shown.length < text.length ? `${escaped}...` : escaped;
}
