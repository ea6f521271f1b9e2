/** The chat page: connects the socket, the input and the list. */
import { Connection } from './connection.mjs';
import { parseFrame } from './frames.mjs';
import { MessageList } from './message-list.mjs';
import { Outbox } from './outbox.mjs';
import { People } from './people.mjs';
import { decodeText, lineFrame, timeOf } from './protocol.mjs';
import { chooseServer } from './server-choice.mjs';
import { Settings } from './settings.mjs';
import { showIdentity, showStatus } from './status-line.mjs';

const UNNAMED = 'unknown';
const HISTORY = 50;
/** The most missed lines that a server sends after a reconnection. */
const MOST_MISSED = 100;
const NOT_SENT = 'not sent yet';
/** How long a new connection waits for the history and the confirmation of its name before it sends lines. */
const SETTLE_MILLISECONDS = 3_000;
/** How often a reconnected page requests the missed lines before it continues without them. */
const MOST_REQUESTS = 10;
/** The server allows a burst of messages and then a few a second. Waiting lines respect that. */
const LINES_AT_ONCE = 20;
const LINE_PAUSE_MILLISECONDS = 300;

const element = (id) => document.getElementById(id);
const server = await chooseServer('chat');
const settings = new Settings(!server.isForeign);
const connection = new Connection(server.url, { comesBack: true });
const messages = new MessageList();
const people = new People();
const outbox = new Outbox();
/** The lines that are shown, so that the history after a reconnection does not repeat them. */
let shown = new Map();
/** The id of the last line from the server. After a reconnection, the page requests the lines after it. */
let lastId;
/** Lines that arrive before the history of a new connection follow it. */
let held = [];
let alias = settings.get('alias') ?? '';
let isSettled = false;
let settleTimer;
/** How often this connection has asked for the history. */
let requests = 0;
let waitingTimer;
/** How many lines may still be sent at once. */
let budget = { lines: LINES_AT_ONCE, countedAt: Date.now() };
/** What a new connection waits for before it sends lines. */
let awaited = new Set();

connection.addEventListener('state', ({ detail }) => {
  const { state } = detail;
  showStatus(detail);
  if (state === 'connected') begin();
  else if (isSettled || awaited.size > 0) interrupt();
});

/** Sends our name and requests the history. Waiting lines are sent only after that. */
function begin() {
  people.forget();
  awaited = new Set(['history']);
  if (alias) {
    awaited.add('name');
    connection.send(JSON.stringify({ User: alias }));
  }
  requests = 0;
  askForHistory();
}

function askForHistory() {
  requests += 1;
  connection.send(JSON.stringify(lastId ? { History: MOST_MISSED, After: lastId } : { History: HISTORY }));
  settleTimer = setTimeout(waitNoLonger, SETTLE_MILLISECONDS);
}

/** The missed lines may arrive late, so newer lines and our own doubtful lines wait for them. */
function waitNoLonger() {
  awaited.delete('name');
  if (awaited.size > 0 && lastId && requests < MOST_REQUESTS) askForHistory();
  else settle();
}

function interrupt() {
  clearTimeout(settleTimer);
  isSettled = false;
  awaited.clear();
  held = [];
  for (const line of outbox.doubt()) messages.mark(line.element, NOT_SENT);
}

function heard(what) {
  if (awaited.delete(what) && awaited.size === 0) settle();
}

function settle() {
  clearTimeout(settleTimer);
  awaited.clear();
  isSettled = true;
  release();
  // Without a history, a doubtful line is sent twice rather than lost.
  outbox.settle([]);
  sendWaiting();
}

function sendWaiting() {
  clearTimeout(waitingTimer);
  if (!isSettled) return;
  const { unsent } = outbox;
  sendLines(unsent.slice(0, lineBudget()));
  if (outbox.unsent.length > 0) waitingTimer = setTimeout(sendWaiting, LINE_PAUSE_MILLISECONDS);
}

/** How many lines may be sent now. */
function lineBudget() {
  const now = Date.now();
  const regained = (now - budget.countedAt) / LINE_PAUSE_MILLISECONDS;
  budget = { lines: Math.min(LINES_AT_ONCE, budget.lines + regained), countedAt: now };
  return Math.floor(budget.lines);
}

function sendLines(lines) {
  for (const line of lines) {
    const { frame } = lineFrame(line.text, alias || UNNAMED);
    if (frame === undefined || !connection.send(frame)) return;
    budget.lines -= 1;
    line.state = 'sent';
    messages.mark(line.element, '');
  }
}

connection.addEventListener('frame', ({ detail }) => {
  const frame = parseFrame(detail);
  if (!frame) return;
  if (frame.Type === 'Status') showIdentity(frame.WSID);
  if (frame.Type === 'userlist') {
    people.show(frame, alias);
    if (frame.Users.some(({ User }) => User === alias)) heard('name');
  }
  if (frame.Type === 'Chat') hear(frame);
  if (frame.Type === 'History') catchUp(frame);
  if (frame.Type === 'Error') refused(frame.Message);
});

/** A refused name does not hold up waiting lines. */
function refused(why) {
  messages.note(why);
  heard('name');
}

/** Other servers may send lines without an Id. */
function keyOf({ Message, Author, Sent, Id }) {
  return Id ?? JSON.stringify([Message, Author, Sent]);
}

function hear(line) {
  if (line.Id && awaited.has('history')) held.push(line);
  else said(line);
}

/** Shows the lines that had to wait for the history. */
function release() {
  for (const line of held.splice(0)) said(line);
}

function said(line) {
  const key = keyOf(line);
  // The history already contained it.
  if (line.Id && shown.has(key)) return;
  lastId = line.Id ?? lastId;
  shown.set(key, (shown.get(key) ?? 0) + 1);
  if (shown.size > 1_000) shown = new Map([...shown].slice(-500));
  const [author, time] = [line.Author, timeOf(line.Sent)];
  const mine = line.mine ?? outbox.confirm(line.Message);
  if (mine) return messages.confirm(mine.element, { author, time });
  const own = line.isHistory === true && author === alias;
  messages.add({ author, text: decodeText(line.Message), time, own });
}

/** Shows the lines that were missed. If our own unconfirmed lines are among them, they have arrived. */
function catchUp({ Messages: lines, More: hasMore }) {
  const counted = new Map();
  const missed = lines.filter((line) => {
    const key = keyOf(line);
    counted.set(key, (counted.get(key) ?? 0) + 1);
    return counted.get(key) > (shown.get(key) ?? 0);
  });
  if (hasMore && missed.length > 0) messages.note('Some earlier messages are not shown here.');
  const arrived = outbox.settle(missed.map(({ Message }) => Message));
  for (const line of missed) {
    const index = arrived.findIndex(({ message }) => message === line.Message);
    const [mine] = index < 0 ? [] : arrived.splice(index, 1);
    said({ ...line, mine, isHistory: true });
  }
  release();
  heard('history');
}

function setAlias(name) {
  // Normalize the name as the server does, so that the page finds it in the list.
  const written = name
    .normalize('NFKC')
    .replace(/\p{Zs}+/gu, ' ')
    .trim();
  alias = [...written].slice(0, 64).join('');
  settings.set('alias', alias);
  element('alias').value = alias;
  if (alias && connection.isOpen) connection.send(JSON.stringify({ User: alias }));
}

element('alias-form').addEventListener('submit', (event) => {
  event.preventDefault();
  setAlias(element('alias').value || 'default');
  element('line').focus();
});

element('reconnect').addEventListener('click', () => connection.connect());

const input = element('line');
element('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = input.value.trim();
  element('problem').textContent = '';
  if (text === '') return;
  const command = /^alias(?:\s+(.*))?$/s.exec(text);
  if (command) setAlias(command[1] || 'default');
  else if (!say(text)) return;
  input.value = '';
});

/** `false` if the line cannot be sent as it is. */
function say(text) {
  const { frame, excess } = lineFrame(text, alias || UNNAMED);
  if (frame === undefined) {
    element('problem').textContent = `This message is about ${Math.ceil((excess * 3) / 4)} bytes too long.`;
    return false;
  }
  const line = outbox.add(text, JSON.parse(frame).Message);
  // If it is sent immediately, it never shows the mark.
  line.element = messages.add({
    author: alias || UNNAMED,
    text,
    time: new Date(),
    own: true,
    mark: NOT_SENT,
  });
  messages.toBottom();
  sendWaiting();
  return true;
}

input.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  element('composer').requestSubmit();
});
input.addEventListener('input', () => {
  element('problem').textContent = '';
});

// Warn before unsent lines are lost.
addEventListener('beforeunload', (event) => {
  if (!outbox.isEmpty) event.preventDefault();
});

element('alias').value = alias;
// On a narrow page, the list of people is above the conversation and starts folded. On a wide page, it has no control
// to unfold it, so it stays open.
const isNarrow = matchMedia('(max-width: 720px)');
const foldPeople = () => {
  element('people-details').open = !isNarrow.matches;
};
isNarrow.addEventListener('change', foldPeople);
foldPeople();
connection.connect();
