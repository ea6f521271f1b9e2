/**
 * Reads what others have published. Clients can publish any data, so a line is ignored unless each field is what the
 * page expects. The server states who published it.
 */
import { QUESTIONS } from './questions.mjs';

export const MAX_WORDS = 500;
/** The server accepts 64 characters, each of up to two UTF-16 units. */
const MAX_NAME = 128;
const MAX_USER = 256;

const READERS = {
  ask: ({ question }) => QUESTIONS.has(question) && { question },
  answer: ({ round, choice }) => isOffset(round) && isChoice(choice) && { round, choice },
  reveal: ({ round }) => isOffset(round) && { round },
  say: ({ key, words }) => isText(words, MAX_WORDS) && isText(key, 40) && { key, words },
};

/** The line in a publication; `undefined` if it contains none. */
export function readLine({ offset, data, info } = {}) {
  if (!isOffset(offset) || typeof data !== 'object' || data === null) return undefined;
  if (typeof data.type !== 'string' || !Object.hasOwn(READERS, data.type)) return undefined;
  const fields = READERS[data.type](data);
  return fields ? { offset, type: data.type, by: readPerson(info), ...fields } : undefined;
}

/**
 * The publisher, as stated by the server. `user` identifies a person; two people may have the same `name`. A
 * publication without `info` comes from a backend.
 */
export function readPerson(info) {
  if (!info) return { user: '', name: 'The host' };
  const { user, client, connInfo } = info;
  const isKnown = isText(user, MAX_USER);
  const name = [connInfo?.name, isKnown && user].find((candidate) => isText(candidate, MAX_NAME));
  return { user: isKnown ? user : `client:${String(client).slice(0, MAX_USER)}`, name: name || 'Somebody' };
}

function isText(value, most) {
  return typeof value === 'string' && value.trim() !== '' && value.length <= most;
}

function isOffset(value) {
  return Number.isSafeInteger(value) && value > 0;
}

function isChoice(value) {
  return Number.isSafeInteger(value) && value >= 0;
}
