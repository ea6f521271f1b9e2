/** IAM's wildcards, `*` and `?`. */

/**
 * `*` matches any number of characters, `?` exactly one. The worst-case time is the length of the text times the
 * length of the pattern.
 */
export function isGlob(text: string, pattern: string): boolean {
  let [at, from, star, mark] = [0, 0, -1, 0];
  while (at < text.length) {
    if (from < pattern.length && pattern[from] === '*') {
      [star, mark] = [from++, at];
    } else if (from < pattern.length && (pattern[from] === '?' || pattern[from] === text[at])) {
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
