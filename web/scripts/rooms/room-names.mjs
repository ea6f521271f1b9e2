/** The names of rooms: what people type, what is in the link, and which channel it is. */

/** A channel may have 128 characters. */
const MAX_CHANNEL = 128;
const PREFIX = 'public:quiz:';

/** The room that somebody means, in one spelling; `undefined` for an empty or too long name. */
export function roomOf(typed) {
  const room = typed.normalize('NFKC').trim().toLowerCase().replace(/\s+/gu, '-');
  // Half a character is in no link.
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

/** Channels have few characters. All others become the hexadecimal numbers of their bytes, each after a dot. */
export function channelOf(room) {
  const bytes = new TextEncoder().encode(room);
  const written = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return /[a-z0-9_-]/.test(character) ? character : `.${byte.toString(16).padStart(2, '0')}`;
  });
  return PREFIX + written.join('');
}
