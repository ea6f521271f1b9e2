/** IAM's wildcards, `*` and `?`. */

/** Stand for `*` and `?` themselves in a pattern. They are lone surrogates, which no policy contains. */
const LITERALS: ReadonlyMap<string, string> = new Map([
  ['*', '\uDC2A'],
  ['?', '\uDC3F'],
]);

/** The part of a pattern that matches only this character. */
export function literalInGlob(character: string): string {
  return LITERALS.get(character) ?? character;
}

/**
 * `*` matches any number of characters, `?` exactly one. The worst-case time is the length of the text times the
 * length of the pattern.
 */
export function isGlob(text: string, pattern: string): boolean {
  // Most patterns begin with a long text that stands for itself.
  const plain = Math.max(0, pattern.indexOf('*'));
  const skipped = text.startsWith(pattern.slice(0, plain)) ? plain : 0;
  let [at, from, star, mark] = [skipped, skipped, -1, 0];
  while (at < text.length) {
    if (from < pattern.length && pattern[from] === '*') {
      if (from === pattern.length - 1) return true;
      [star, mark] = [from++, at];
    } else if (from < pattern.length && isOne(pattern[from] as string, text[at] as string)) {
      at++;
      from++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++mark;
    } else {
      return false;
    }
  }
  while (pattern[from] === '*') from++;
  return from === pattern.length;
}

/** Whether one character of the pattern matches one of the text. */
function isOne(wanted: string, character: string): boolean {
  return wanted === '?' || wanted === character || wanted === LITERALS.get(character);
}
