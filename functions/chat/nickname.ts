/**
 * User names: the Nickname profile of PRECIS (RFC 8266), as far as a chat needs it, without invisible characters and
 * the system's own name. Two users may still have the same name, as in the tutorial.
 */
import { ChatProtocolError } from './messages';

export const MAX_ALIAS_CHARACTERS = 64;
/** The name of a client that sends `alias` without a name. */
export const DEFAULT_ALIAS = 'default';
/** The author of the service's own lines. */
export const SYSTEM = 'system';
/** More combining marks on one letter are not ordinary text, and would overlap the lines above. */
const MAX_MARKS = 4;

/** An emoji, even one of several parts. Their joiners and selectors are invisible characters with a meaning. */
const EMOJI =
  /(?:\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?(?:\u{e0020}|[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}])*\u{e007f}?)(?:\u200d\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?)*|[0-9#*]\ufe0f\u20e3/gu;
/**
 * Where Arabic and Indic scripts need joiners: between letters of Arabic, and after a sign of the others. Source: RFC
 * 5892, appendix A.1 and A.2.
 */
const NEEDED_JOINER =
  /(?<=\p{Script=Arabic})\u200c(?=\p{Script=Arabic})|(?<=[\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Oriya}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Telugu}])(?<=\p{Mark})[\u200c\u200d]/gu;
/**
 * Control, format, unassigned and private characters, halves of characters, line separators, and letters without a
 * shape.
 */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\ufffc]/u;

/** The name as everyone sees it. @throws ChatProtocolError for a forbidden name */
export async function nickname(given: string): Promise<string> {
  assertLength(given.trim());
  const name =
    given
      .trim()
      .normalize('NFKC')
      .replace(/\p{Zs}+/gu, ' ')
      .trim() || DEFAULT_ALIAS;
  assertLength(name);
  const invisible = INVISIBLE.exec(name.replace(EMOJI, '').replace(NEEDED_JOINER, ''))?.[0];
  if (invisible !== undefined) {
    throw new ChatProtocolError(
      `User may not contain control characters or other invisible characters, but has ${codePoint(invisible)}.`,
    );
  }
  if (/^\p{M}/u.test(name) || new RegExp(`\\p{M}{${MAX_MARKS + 1}}`, 'u').test(name)) {
    throw new ChatProtocolError(
      `User may not begin with a combining mark, and no character may have more than ${MAX_MARKS} marks.`,
    );
  }
  if (await looksLike(name, SYSTEM)) {
    throw new ChatProtocolError(
      `User may not be ${JSON.stringify(SYSTEM)} or look like it, because that is the chat's own name. Choose another name.`,
    );
  }
  return name;
}

function assertLength(name: string): void {
  const characters = [...name].length;
  if (characters <= MAX_ALIAS_CHARACTERS) return;
  throw new ChatProtocolError(
    `User may have up to ${MAX_ALIAS_CHARACTERS} characters, but has ${characters}.`,
  );
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Whether people may confuse two names, in capitals or small letters, in any alphabet. */
async function looksLike(name: string, other: string): Promise<boolean> {
  // Loaded with the first name, because a table of some 6,000 characters (Unicode Technical Standard 39) would slow
  // down each cold start.
  const { default: skeleton } = await import('unhomoglyph');
  const letters = (text: string) =>
    skeleton(
      text
        .normalize('NFKD')
        .replace(/[ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ]/gu, (small) => plainLetter(small))
        .replace(/[^\p{L}\p{N}]/gu, ''),
    )
      .toLowerCase()
      // A capital may look like a small letter, so the results are compared in the same way.
      .replace(/[^\p{L}\p{N}]/gu, '');
  const forms = (text: string) => [letters(text.toLowerCase()), letters(text.toUpperCase())];
  const [small, capital] = forms(name);
  const [smallOther, capitalOther] = forms(other);
  return small === smallOther || capital === capitalOther;
}

const SMALL_CAPITALS = 'ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ';
const THEIR_LETTERS = 'abcdefghijklmnoprstuvwyz';

function plainLetter(smallCapital: string): string {
  return THEIR_LETTERS[SMALL_CAPITALS.indexOf(smallCapital)] ?? smallCapital;
}
