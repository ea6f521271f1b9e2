/** Calculates the quiz of a room from its lines alone, so that all pages with the same lines show the same quiz. */
import { QUESTIONS } from './questions.mjs';

/**
 * @param lines in the order of their offsets
 * @returns `rounds`, oldest first, of which the last may be open; `players` by user; and `talk`
 */
export function quizOf(lines) {
  const quiz = { rounds: [], players: new Map(), talk: [] };
  const said = new Set();
  for (const line of lines) {
    if (line.type === 'say') say(quiz, line, said);
    else RULES[line.type](quiz, line);
  }
  return quiz;
}

/** The round that is waiting for answers, if any. */
export function openRound({ rounds }) {
  const last = rounds.at(-1);
  return last && !last.isRevealed ? last : undefined;
}

/** The next question: a random one of those that the room was asked least often. */
export function nextQuestion({ rounds }, random = Math.random) {
  const times = new Map([...QUESTIONS.keys()].map((id) => [id, 0]));
  for (const { question } of rounds) times.set(question.id, times.get(question.id) + 1);
  const fewest = Math.min(...times.values());
  const fresh = [...times].filter(([, count]) => count === fewest).map(([id]) => id);
  return fresh[Math.floor(random() * fresh.length)];
}

/** How many have chosen each choice, and how many were right. */
export function resultOf({ question, answers }) {
  const counts = question.choices.map(() => 0);
  for (const choice of answers.values()) counts[choice] += 1;
  return { counts, right: counts[question.right], all: answers.size };
}

const RULES = {
  /** If two people ask at the same time, the first one counts. */
  ask(quiz, { offset, by, question }) {
    if (openRound(quiz)) return;
    const answers = new Map();
    quiz.rounds.push({ offset, by, question: QUESTIONS.get(question), answers, isRevealed: false });
  },
  /** The last answer before the end counts. */
  answer(quiz, { by, round, choice }) {
    const open = openRound(quiz);
    if (open?.offset !== round || choice >= open.question.choices.length || by.user === '') return;
    open.answers.set(by.user, choice);
    player(quiz, by);
  },
  reveal(quiz, { round }) {
    const open = openRound(quiz);
    if (open?.offset !== round) return;
    open.isRevealed = true;
    for (const [user, choice] of open.answers) {
      const answered = quiz.players.get(user);
      answered.rounds += 1;
      if (choice === open.question.right) answered.points += 1;
    }
  },
};

/** A line that was retried, and so may have arrived twice, is shown once. */
function say({ talk }, { offset, by, key, words }, said) {
  const whole = JSON.stringify([by.user, key]);
  if (said.has(whole)) return;
  said.add(whole);
  talk.push({ offset, by, words });
}

function player({ players }, { user, name }) {
  const known = players.get(user);
  if (known) known.name = name;
  else players.set(user, { user, name, points: 0, rounds: 0 });
}
