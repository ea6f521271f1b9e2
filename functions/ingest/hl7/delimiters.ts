/** The delimiters that a message declares in MSH-1 and MSH-2, and their escape sequences. */
import { MessageFault } from './scanned-record';

/** The component separator, then those for repetitions, escapes, subcomponents and (since 2.7) truncation. */
const MAX_ENCODING_CHARACTERS = 5;

/** Whether a byte can be a delimiter: printable ASCII, but not a letter, digit or space. */
export function isDelimiter(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && !/[A-Za-z0-9]/.test(String.fromCharCode(byte));
}

export class Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string | undefined;
  readonly #sequences: [sequence: string, meaning: string][];

  /**
   * @param header an MSH segment from its first byte
   * @throws {MessageFault} if the declared characters cannot be delimiters
   */
  static of(header: string): Delimiters {
    const field = header.charAt(3);
    const [encodingCharacters = ''] = header.slice(4).split(field, 1);
    return new Delimiters(field, onceEscaped(encodingCharacters), encodingCharacters);
  }

  static areDeclaredIn(header: string): boolean {
    try {
      Delimiters.of(header);
      return true;
    } catch {
      return false;
    }
  }

  private constructor(field: string, encodingCharacters: string, declared: string) {
    const all = [field, ...encodingCharacters];
    const isSound =
      encodingCharacters !== '' &&
      encodingCharacters.length <= MAX_ENCODING_CHARACTERS &&
      all.every((character) => isDelimiter(character.charCodeAt(0))) &&
      new Set(all).size === all.length;
    if (!isSound) throw fault(field, declared);
    const [component = '', repetition, escapeCharacter, subcomponent, truncation] = encodingCharacters;
    this.field = field;
    this.component = component;
    this.repetition = repetition;
    const named = {
      F: field,
      S: component,
      R: repetition,
      E: escapeCharacter,
      T: subcomponent,
      L: truncation,
    };
    const isDoubled = encodingCharacters !== declared;
    this.#sequences = Object.entries(named).flatMap(([letter, meaning]): [string, string][] => {
      if (escapeCharacter === undefined || meaning === undefined) return [];
      const doubled = escapeCharacter.repeat(2);
      return [
        ...(isDoubled ? [[`${doubled}${letter}${doubled}`, meaning] as [string, string]] : []),
        [`${escapeCharacter}${letter}${escapeCharacter}`, meaning],
      ];
    });
  }

  /** Replaces the escape sequences of delimiters (`\F\`, `\S\`, `\R\`, `\E\`, `\T\`, `\L\`) in a text. */
  unescape(text: string): string {
    let result = '';
    for (let at = 0; at < text.length; ) {
      const [sequence, meaning] = this.#sequences.find(([one]) => text.startsWith(one, at)) ?? [];
      result += meaning ?? text.charAt(at);
      at += sequence?.length ?? 1;
    }
    return result;
  }
}

/** A message copied from source code or JSON often has each backslash twice, as in `^~\\&`. Two then count as one. */
function onceEscaped(encodingCharacters: string): string {
  return encodingCharacters.replace('\\\\', '\\');
}

function fault(field: string, encodingCharacters: string): MessageFault {
  // Longer text, or text with letters, may contain anything.
  const isTelling = /^[!-/:-@[-`{-~]{0,5}$/.test(encodingCharacters);
  return new MessageFault({
    name: 'Delimiters',
    rule: 'MSH-1 and MSH-2 must declare two to six different delimiters, which are printable ASCII but not letters or digits',
    value: isTelling ? `${field}${encodingCharacters}` : `MSH-2 of ${encodingCharacters.length} bytes`,
  });
}
