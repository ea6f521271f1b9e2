/**
 * Reads the frames of an untrusted server: each field gets the type that the page expects, and a frame without its
 * required fields is ignored.
 */

/** As many topics as fit on a page, and more than a server allows. */
const MAX_TOPICS = 200;
/** A list of users has at most 32 KB. */
const MAX_USERS = 4_000;
const MAX_LINES = 1_000;

const READERS = {
  Status: ({ WSID }) => ({ WSID: text(WSID) }),
  Error: ({ Message }) => ({ Message: text(Message) }),
  Chat: (frame) => chatLine(frame),
  History: ({ Messages, More }) => ({
    Messages: list(Messages, MAX_LINES).map(chatLine).filter(Boolean),
    More: More === true,
  }),
  userlist: ({ Users, More, Revision }) => ({
    Users: list(Users, MAX_USERS)
      .map((user) => ({ User: text(user?.User) }))
      .filter(({ User }) => User !== ''),
    More: Number.isSafeInteger(More) && More > 0 ? More : 0,
    Revision: Number.isSafeInteger(Revision) ? Revision : undefined,
  }),
  Subscriptions: ({ Topics }) => ({ Topics: list(Topics, MAX_TOPICS).filter(isTopic) }),
  Missed: ({ Notifications, More }) => ({
    Notifications: list(Notifications, MAX_LINES).map(notification),
    More: More === true,
  }),
  Notification: (frame) => notification(frame),
  Broken: (frame) => notification(frame),
};

function notification(frame) {
  const { Id, Topic, Message, Event, Source, Size, ControlId, Sent } = frame ?? {};
  return {
    Id: text(Id) || undefined,
    ...{ Topic: text(Topic), Message: text(Message), Event: text(Event), Source: text(Source) },
    ...{ Size: Number.isFinite(Size) && Size >= 0 ? Size : undefined },
    ...{ ControlId: text(ControlId), Sent: text(Sent) },
  };
}

/** The content of the frame, or `undefined` if it belongs to neither protocol. */
export function parseFrame(data) {
  const frame = parseJson(data);
  const type = frame?.Type;
  if (typeof type !== 'string' || !Object.hasOwn(READERS, type)) return undefined;
  const read = READERS[type](frame);
  return read && { Type: type, ...read };
}

/** API Gateway's own answer to a message whose function failed or took too long: `{message, connectionId, requestId}`. */
export function gatewayFailure(data) {
  const { message, requestId } = parseJson(data) ?? {};
  return typeof message === 'string' && typeof requestId === 'string' ? message : undefined;
}

export function isTopic(topic) {
  return typeof topic === 'string' && (topic === '*' || /^[a-z0-9_-]{1,32}$/.test(topic));
}

/** The chat line, or `undefined` if it has no text. */
function chatLine(line) {
  if (typeof line?.Message !== 'string') return undefined;
  const { Message, Author, Sent, Id } = line;
  return { Message, Author: text(Author), Sent: text(Sent), Id: text(Id) || undefined };
}

/** Returns text unchanged, numbers as text, and everything else as ''. */
function text(value) {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}

function list(value, most) {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

function parseJson(data) {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
