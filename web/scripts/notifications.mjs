/** The notifications page: connects the socket, the topics and the list. */
import { Connection } from './connection.mjs';
import { gatewayFailure, parseFrame } from './frames.mjs';
import { NotificationList } from './notification-list.mjs';
import { SampleDrop } from './sample-drop.mjs';
import { chooseServer } from './server-choice.mjs';
import { Settings } from './settings.mjs';
import { SignIn } from './sign-in.mjs';
import { showStatus } from './status-line.mjs';
import { Topics } from './topics.mjs';

const element = (id) => document.getElementById(id);
const server = await chooseServer('notifications');
const list = new NotificationList();
const topics = new Topics(new Settings(!server.isForeign), (change) =>
  connection.send(JSON.stringify(change)),
);
const connection = new Connection(subscribedUrl());
const signIn = new SignIn(server.url, {
  send: (credentials) => connection.send(JSON.stringify(credentials)),
  connect,
});

/** The server's URL with the chosen topics. */
function subscribedUrl() {
  const url = new URL(server.url);
  if (topics.wanted.length > 0) url.searchParams.set('topics', topics.wanted.join());
  return url.href;
}

/** The id of the last notification, and since when the page may have missed notifications. */
let lastId;
let awaySince;
let wasConnected = false;

connection.addEventListener('state', ({ detail }) => {
  const { state } = detail;
  showStatus(detail);
  topics.forget();
  if (state === 'connected') wasConnected = true;
  else if (wasConnected) awaySince ??= new Date();
  // Topics chosen in the meantime are sent with the next connection.
  if (state !== 'connected') connection.url = subscribedUrl();
  signIn.follow(detail);
});

connection.addEventListener('frame', ({ detail }) => {
  const frame = parseFrame(detail);
  if (!frame) return gatewaySaid(detail);
  if (frame.Type === 'Notification' || frame.Type === 'Broken') received(frame);
  if (frame.Type === 'Missed') caughtUp(frame);
  if (frame.Type === 'Subscriptions') subscribed(frame.Topics);
  if (frame.Type === 'Error') refused(frame.Message);
});

function received(notification) {
  // Until the answer about missed notifications, the last one is still that of the previous connection.
  if (!awaySince) lastId = notification.Id ?? lastId;
  list.add(notification);
}

/** Shows the notifications that the page missed while it was away. The list shows no notification twice. */
function caughtUp({ Notifications, More }) {
  awaySince = undefined;
  for (const notification of Notifications) {
    lastId = notification.Id ?? lastId;
    list.catchUp(notification);
  }
  if (More)
    element('topic-problem').textContent =
      'More notifications arrived while this page was away than it can show.';
}

function subscribed(subscribedTopics) {
  signIn.accept();
  topics.answer(subscribedTopics);
  if (awaySince) {
    connection.send(JSON.stringify(lastId ? { After: lastId } : { Since: awaySince.toISOString() }));
  }
}

function gatewaySaid(text) {
  const failure = gatewayFailure(text);
  if (failure) refused(`The server refused: ${failure}`);
}

function refused(why) {
  if (signIn.isOpen) return signIn.refuse(why);
  topics.refuse();
  element('topic-problem').textContent = why;
}

function connect() {
  connection.url = subscribedUrl();
  connection.connect();
}

element('reconnect').addEventListener('click', connect);
element('clear').addEventListener('click', () => list.clear());

if (matchMedia('(max-width: 720px)').matches) element('topics-details').open = false;
void new SampleDrop().offer();
connection.connect();
