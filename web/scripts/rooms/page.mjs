/** The rooms page: a quiz that everybody in a room sees alike, because it is made of the room's lines. */
import { chooseServer } from '../server-choice.mjs';
import { Settings } from '../settings.mjs';
import { Announcer } from './announcer.mjs';
import { Client } from './client.mjs';
import { Composer } from './composer.mjs';
import { ConnectionStatus } from './connection-status.mjs';
import { Entrance } from './entrance.mjs';
import { showPastRounds } from './past-rounds.mjs';
import { showPlayers } from './player-list.mjs';
import { QuestionCard } from './question-card.mjs';
import { nextQuestion, openRound, quizOf } from './quiz.mjs';
import { Room } from './room.mjs';
import { TalkList } from './talk-list.mjs';

const element = (id) => document.getElementById(id);
const server = await chooseServer('rooms');
const settings = new Settings(!server.isForeign);
const announcer = new Announcer();
const composer = new Composer((data) => room.publish(data));
const status = new ConnectionStatus();
const talk = new TalkList();
const card = new QuestionCard({ ask, answer, reveal });
const entrance = new Entrance(settings, { enter, leave });

let client;
let room;
/** The user that the server knows this page by. */
let own;
let quiz = quizOf([]);
/** The choice that is on its way to the server: `{ round, choice }`. */
let pending;
let isDrawing = false;

function enter({ name, key, room: roomName }) {
  leave();
  client = new Client(server.url, { name, secret: key });
  status.follow(client);
  client.on('connected', ({ data }) => {
    own = data?.user;
    draw();
  });
  client.on('disconnected', ({ code, reason }) => {
    if (code !== 0) entrance.refuse(reason);
  });
  room = new Room(client, roomName);
  room.addEventListener('change', draw);
  room.addEventListener('notice', ({ detail }) => composer.notice(detail));
  client.connect();
  draw();
}

function leave() {
  if (!client) return;
  room.leave();
  client.disconnect();
  client = undefined;
  pending = undefined;
  talk.forget();
  announcer.forget();
  composer.clear();
}

/** Many lines may come at once. */
function draw() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    if (client) show();
  });
}

function show() {
  quiz = quizOf(room.lines);
  const { people } = room.presence;
  const round = quiz.rounds.at(-1);
  if (pending && (pending.round !== openRound(quiz)?.offset || round.answers.get(own) === pending.choice))
    pending = undefined;
  card.show(quiz, { own, pending: pending?.choice, here: people.size, isLoaded: room.isLoaded });
  showPastRounds(quiz, own);
  showPlayers(quiz.players, people, own);
  if (!room.isLoaded) return;
  talk.show(quiz.talk, own);
  announcer.follow(round, own);
}

function ask() {
  return composer.publish({ type: 'ask', question: nextQuestion(quiz) });
}

async function answer(round, choice) {
  const mine = { round, choice };
  pending = mine;
  draw();
  // It stays until it is in the room's lines.
  if (await composer.publish({ type: 'answer', ...mine })) return;
  if (pending === mine) pending = undefined;
  draw();
}

function reveal() {
  const round = openRound(quiz)?.offset;
  if (round !== undefined) return composer.publish({ type: 'reveal', round });
}

// Above the quiz it is folded. Beside it, it could not be unfolded.
const isNarrow = matchMedia('(max-width: 720px)');
const foldPeople = () => {
  element('people-details').open = !isNarrow.matches;
};
isNarrow.addEventListener('change', foldPeople);
foldPeople();
entrance.open();
