/**
 * Reads the frames of a server that may be anybody's: each field becomes what the page expects of it, and a frame without what makes it
 * one is no frame.
 */

/** So many topics fit onto a page, and more than a server takes. */
const MAX_TOPICS = 200;
/** A list of users has no more than 32 KB. */
const MAX_USERS = 4_000;
const MAX_LINES = 1_000;

const READERS = {
  Status: ({ WSID }) => ({ WSID: text(WSID) }),
  Error: ({ Message }) => ({ Message: text(Message) }),
  Chat: (frame) => chatLine(frame),
  History: ({ Messages }) => ({ Messages: list(Messages, MAX_LINES).map(chatLine).filter(Boolean) }),
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

/** What came, or `undefined` if it is nothing that these protocols know. */
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

/** A line needs its text; `undefined` without. */
function chatLine(line) {
  if (typeof line?.Message !== 'string') return undefined;
  return { Message: line.Message, Author: text(line.Author), Sent: text(line.Sent) };
}

/** A text as it is, a number as one; nothing else has a form that a person could read. */
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
