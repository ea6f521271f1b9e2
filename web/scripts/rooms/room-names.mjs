/** Room names: converts what people type, the fragment of the link, and the name of the channel. */

/** A channel may have 128 characters. */
const MAX_CHANNEL = 128;
const PREFIX = 'public:quiz:';

/** The normalized room name, or `undefined` if the name is empty or too long. */
export function roomOf(typed) {
  const room = typed.normalize('NFKC').trim().toLowerCase().replace(/\s+/gu, '-');
  // A link cannot contain half of a surrogate pair.
  if (room === '' || /\p{Surrogate}/u.test(room)) return undefined;
  return channelOf(room).length <= MAX_CHANNEL ? room : undefined;
}

/** The room of a link's fragment, such as `#math`. */
export function roomInLink(fragment) {
  try {
    return roomOf(decodeURIComponent(fragment.replace(/^#/, '')));
  } catch {
    return undefined;
  }
}

/**
 * Channel names allow only a few characters. Each byte of any other character is written as a dot and its hexadecimal
 * number.
 */
export function channelOf(room) {
  const bytes = new TextEncoder().encode(room);
  const written = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return /[a-z0-9_-]/.test(character) ? character : `.${byte.toString(16).padStart(2, '0')}`;
  });
  return PREFIX + written.join('');
}
