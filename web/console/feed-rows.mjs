/** The rows of the activity feed, one for each kind of event. */
import { make } from './dom.mjs';
import { bytes, duration, timeOfDay } from './format.mjs';

/** The content of a row: a label, its tone (color), its subject and its details. */
const ROW_OF = {
  opened: ({ stage, from, user }) => ['connected', 'good', `/${stage}`, [user, `from ${from}`]],
  closed: ({ stage, code, reason, millis }) => [
    'closed',
    'quiet',
    `/${stage}`,
    [`${code} ${reason}`.trim(), `after ${duration(millis)}`],
  ],
  refused: ({ path, from, status }) => ['refused', 'bad', path, [`status ${status}`, `from ${from}`]],
  message: ({ stage, route, bytes: size, text }) => [
    'message',
    'in',
    `/${stage} ${route}`,
    [bytes(size), text],
  ],
  answer: ({ stage, route, status, millis, text }) => [
    'answer',
    status >= 400 ? 'bad' : 'out',
    `/${stage} ${route}`,
    [`status ${status}`, duration(millis), text],
  ],
  post: ({ stage, method, status, bytes: size, text }) => [
    method === 'POST' ? 'post' : method.toLowerCase(),
    status === undefined || status >= 429 ? 'bad' : status === 410 ? 'wait' : 'out',
    stage === '' ? '' : `/${stage}`,
    [status === undefined ? 'no answer' : String(status), size === undefined ? '' : bytes(size), text],
  ],
  end: ({ function: name, subject, cold, attempt, millis, initMillis, error }) => [
    'function',
    error === undefined ? 'run' : 'bad',
    name,
    [
      duration(millis),
      cold ? `cold${initMillis === undefined ? '' : `, started in ${duration(initMillis)}`}` : '',
      attempt > 1 ? `attempt ${attempt}` : '',
      error ?? subjectOf(subject),
    ],
  ],
  output: ({ function: name, text }) => ['output', 'quiet', name, [text]],
  notice: ({ function: name, text }) => ['notice', 'wait', name, [text]],
  log: ({ level, text }) => [
    level === 'info' ? 'log' : level,
    level === 'error' ? 'bad' : level === 'warn' ? 'wait' : 'quiet',
    '',
    [text],
  ],
  fault: ({ name, subject }) => ['fault', 'wait', name, [subject]],
};

/** Removes the connection id from a subject such as `$default uJo39vlXoAMCHMA=`, because the id is shown separately. */
function subjectOf(subject = '') {
  return connectionIn(subject) === undefined ? subject : subject.slice(0, subject.lastIndexOf(' '));
}

function connectionIn(subject = '') {
  return /^\S+ ([\w-]{8,}=)$/.exec(subject)?.[1];
}

function connectionOf({ connection, subject }) {
  return connection ?? connectionIn(subject);
}

/** Whether the filter "Only problems" shows an event. */
export function isProblem({ kind, status, error, level, code }) {
  if (kind === 'post' || kind === 'answer') return status === undefined || status >= 400;
  if (kind === 'closed') return code !== 1000 && code !== 1001 && code !== 1005;
  return (
    ['refused', 'fault', 'notice'].includes(kind) ||
    error !== undefined ||
    level === 'warn' ||
    level === 'error'
  );
}

export function rowOf(event) {
  const [label, tone, about, details] = ROW_OF[event.kind](event);
  const id = connectionOf(event);
  return make(
    'li',
    { data: { tone } },
    make('time', {}, timeOfDay(event.at)),
    make('span', { className: 'label' }, label),
    make(
      'span',
      { className: 'what' },
      about && make('b', {}, about),
      ...details.filter((one) => one !== undefined && one !== '').map((one) => make('span', {}, one)),
    ),
    id === undefined
      ? undefined
      : make(
          'button',
          {
            type: 'button',
            className: 'id',
            tabIndex: -1,
            data: { connection: id },
            title: 'Show this connection',
          },
          id,
        ),
  );
}

/** The text that a search looks at. */
export function textOf(event) {
  event.found ??= Object.values(event).join('\n').toLowerCase();
  return event.found;
}
