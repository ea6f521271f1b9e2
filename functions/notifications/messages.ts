/** The wire protocol of the notifications: JSON text frames with PascalCase keys. */
import { quoted, shown } from '../quoted-values';
import { isTopic, MAX_TOPICS } from './topics';

/** What a client sends. */
export type ClientMessage =
  | { kind: 'change'; subscribe: string[]; unsubscribe: string[] }
  | { kind: 'credentials'; user: string; password: string }
  | { kind: 'missed'; after: string }
  | { kind: 'missed'; since: number }
  | { kind: 'ping' };

/** What a client receives, apart from the notifications themselves. */
export type ServerMessage =
  | { Type: 'Subscriptions'; Topics: string[] }
  | { Type: 'Missed'; Notifications: unknown[]; More: boolean }
  | { Type: 'Error'; Message: string };

/** The longest user name and password. */
export const MAX_CREDENTIAL_CHARACTERS = 256;

/** A frame that breaks the protocol. The message goes to its sender. */
export class NotificationsProtocolError extends Error {}

/** @throws NotificationsProtocolError with the key, the rule and the value, but never a password */
export function parseClientMessage(text: string): ClientMessage {
  const frame = parseObject(text);
  if ('Ping' in frame) return { kind: 'ping' };
  if ('User' in frame || 'Password' in frame) {
    return {
      kind: 'credentials',
      user: credential('User', frame.User),
      password: credential('Password', frame.Password),
    };
  }
  if ('After' in frame || 'Since' in frame) return missed(frame);
  if ('Subscribe' in frame || 'Unsubscribe' in frame) {
    return {
      kind: 'change',
      subscribe: topics('Subscribe', frame.Subscribe),
      unsubscribe: topics('Unsubscribe', frame.Unsubscribe),
    };
  }
  throw new NotificationsProtocolError(
    `The keys ${Object.keys(frame).slice(0, 5).map(quoted).join(', ') || '(none)'} are unknown. Send {"Subscribe":["adt"]}, {"Unsubscribe":["*"]}, {"User","Password"}, {"After"}, {"Since"} or {"Ping"}.`,
  );
}

/** The topics in the query string, and what is wrong with others. Undefined if it has none. */
export function topicsOfQuery(query: string[]): { topics: string[]; problems: string[] } {
  const named = query.flatMap((list) => list.split(',')).map((topic) => topic.trim());
  const distinct = [...new Set(named.filter((topic) => topic !== ''))];
  const bad = distinct.filter((topic) => !isTopic(topic));
  const good = distinct.filter(isTopic);
  const problems = [
    ...(bad.length > 0 ? [notTopics('The query string', bad)] : []),
    ...(good.length > MAX_TOPICS
      ? [tooMany(`The query string has ${good.length}, and you are subscribed to the first ${MAX_TOPICS}`)]
      : []),
  ];
  return { topics: good.slice(0, MAX_TOPICS), problems };
}

/** Says that a connection would have too many topics. */
export function tooMany(what: string): string {
  return `A connection may have ${MAX_TOPICS} topics. ${what}. Unsubscribe from some, or subscribe to "*" for all.`;
}

/** An Id is the file's id, a dot, and the message's number in the file. */
function missed({ After, Since }: Record<string, unknown>): ClientMessage {
  if (After !== undefined) {
    if (typeof After === 'string' && /^[\w-]{22}\.\d{1,9}$/.test(After))
      return { kind: 'missed', after: After };
    throw new NotificationsProtocolError(
      `After must be the Id of a notification, not ${shown(After)}. Send the Id of the last one that you received.`,
    );
  }
  const since = typeof Since === 'string' && Since.length <= 40 ? Date.parse(Since) : Number.NaN;
  if (!Number.isNaN(since)) return { kind: 'missed', since };
  throw new NotificationsProtocolError(
    `Since must be a time in ISO 8601, not ${shown(Since)}. Send {"Since":"2026-01-31T09:30:00Z"}, for example.`,
  );
}

function parseObject(text: string): Record<string, unknown> {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    // The text may contain a password.
    throw new NotificationsProtocolError(
      `The message of ${text.length} characters is not JSON. Send {"Subscribe":["adt"]}, for example.`,
    );
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) {
    throw new NotificationsProtocolError(
      `The message must be a JSON object, not ${shown(frame)}. Send {"Subscribe":["adt"]}, for example.`,
    );
  }
  return frame as Record<string, unknown>;
}

function topics(key: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    throw new NotificationsProtocolError(
      `${key} must be a list of topics, not ${shown(value)}. Send {"${key}":["adt"]}, for example.`,
    );
  }
  const distinct = [...new Set(value as unknown[])];
  const bad = distinct.filter((topic) => !isTopic(topic));
  if (bad.length > 0) throw new NotificationsProtocolError(notTopics(key, bad));
  if (distinct.length > MAX_TOPICS) {
    throw new NotificationsProtocolError(tooMany(`${key} lists ${distinct.length}`));
  }
  return distinct as string[];
}

function notTopics(where: string, bad: unknown[]): string {
  const some = bad.slice(0, 5).map(shown).join(', ');
  const more = bad.length > 5 ? ` and ${bad.length - 5} more` : '';
  return `${where} has ${some}${more}: a topic has 1 to 32 of the characters a-z, 0-9, "_" and "-"; "*" means all topics. For messages of type ADT, send "adt".`;
}

function credential(key: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw new NotificationsProtocolError(
      `${key} must be text${value === undefined ? ', and is missing' : ''}. Send {"User":"…","Password":"…"}.`,
    );
  }
  if (value.length > MAX_CREDENTIAL_CHARACTERS) {
    throw new NotificationsProtocolError(
      `${key} may have up to ${MAX_CREDENTIAL_CHARACTERS} characters, but has ${value.length}. Send {"User":"…","Password":"…"}.`,
    );
  }
  return value;
}
