/** A pattern for names of channels: `*` is any characters, `?` is one. */
import { errors } from '../realtime-errors';

export class NamePattern {
  readonly #pattern: string | undefined;

  /** @throws RealtimeError for sets and alternatives, which are not supported. @default every name */
  constructor(pattern: string | undefined) {
    if (/[[\]{}\\]/.test(pattern ?? ''))
      throw errors.notAvailable('[…], {…} and \\ in a pattern: use * and ? only');
    this.#pattern = pattern;
  }

  /** In time that grows with the lengths of both, whatever they are: only the last `*` is ever tried again. */
  matches(name: string): boolean {
    const pattern = this.#pattern;
    if (pattern === undefined) return true;
    let [at, of] = [0, 0];
    let star: { of: number; at: number } | undefined;
    while (at < name.length) {
      if (pattern[of] === '*') star = { of: of++, at };
      else if (of < pattern.length && (pattern[of] === '?' || pattern[of] === name[at]))
        [at, of] = [at + 1, of + 1];
      else if (star) [at, of] = [++star.at, star.of + 1];
      else return false;
    }
    return /^\**$/.test(pattern.slice(of));
  }
}
