/** The notifications page: ties the connection, the topics and what has come in together. */
import { Connection } from './connection.mjs';
import { NotificationList } from './notification-list.mjs';
import { gatewayFailure, parseFrame } from './protocol.mjs';
import { SampleDrop } from './sample-drop.mjs';
import { serverUrl, showStatus } from './status-line.mjs';
import { Topics } from './topics.mjs';

/** A server that wants to know who is there says nothing before it does. */
const SIGN_IN_AFTER_MILLISECONDS = 1_500;

const element = (id) => document.getElementById(id);
const list = new NotificationList();
const topics = new Topics((change) => connection.send(JSON.stringify(change)));
const connection = new Connection(subscribedUrl());
let signInTimer;

/** The server, and what is to be heard of it. */
function subscribedUrl() {
  const url = new URL(serverUrl('notifications'));
  if (topics.wanted.length > 0) url.searchParams.set('topics', topics.wanted.join());
  return url.href;
}

connection.addEventListener('state', ({ detail }) => {
  const { state } = detail;
  showStatus(detail);
  topics.forget();
  clearTimeout(signInTimer);
  element('sign-in').hidden = true;
  if (state === 'connected') signInTimer = setTimeout(askWho, SIGN_IN_AFTER_MILLISECONDS);
  // What is chosen meanwhile goes with the next connection.
  else connection.url = subscribedUrl();
});

connection.addEventListener('frame', ({ detail }) => {
  const failure = gatewayFailure(detail);
  if (failure) return refused(`The server did not do it: ${failure}`);
  const frame = parseFrame(detail);
  if (!frame) return;
  if (frame.Type === 'Notification') list.add(frame);
  if (frame.Type === 'Subscriptions') subscribed(frame.Topics ?? []);
  if (frame.Type === 'Error') refused(String(frame.Message));
});

function subscribed(subscribedTopics) {
  clearTimeout(signInTimer);
  element('sign-in').hidden = true;
  topics.answer(subscribedTopics);
}

function refused(why) {
  topics.refuse();
  element('topic-problem').textContent = why;
}

function askWho() {
  element('sign-in').hidden = false;
  element('status-text').textContent = 'Connected. Sign in to hear anything';
}

element('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  const [user, password] = [element('user'), element('password')];
  element('topic-problem').textContent = '';
  connection.send(JSON.stringify({ User: user.value, Password: password.value }));
  password.value = '';
});

element('reconnect').addEventListener('click', () => {
  connection.url = subscribedUrl();
  connection.connect();
});
element('clear').addEventListener('click', () => list.clear());

if (matchMedia('(max-width: 720px)').matches) element('topics-details').open = false;
void new SampleDrop().offer();
connection.connect();
