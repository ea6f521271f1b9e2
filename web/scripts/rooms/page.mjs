/** The rooms page: a quiz that looks the same to everyone in a room, because it is calculated from the room's lines. */
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
/** The user id that the server gave this page. */
let own;
let quiz = quizOf([]);
/** The choice that is being sent to the server: `{ round, choice }`. */
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

/** Draws once a frame at most, because many lines may arrive at once. */
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
  // If it was sent, it stays pending until it is in the room's lines.
  if (await composer.publish({ type: 'answer', ...mine })) return;
  if (pending === mine) pending = undefined;
  draw();
}

function reveal() {
  const round = openRound(quiz)?.offset;
  if (round !== undefined) return composer.publish({ type: 'reveal', round });
}

// On a narrow page, the list of people is above the quiz and starts folded. On a wide page, it has no control to
// unfold it, so it stays open.
const isNarrow = matchMedia('(max-width: 720px)');
const foldPeople = () => {
  element('people-details').open = !isNarrow.matches;
};
isNarrow.addEventListener('change', foldPeople);
foldPeople();
entrance.open();
