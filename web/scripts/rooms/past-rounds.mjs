/** The past questions of a room, newest first, with the answer and how many knew it. */
import { made, showKeyed } from './elements.mjs';
import { resultOf } from './quiz.mjs';

const element = (id) => document.getElementById(id);

/** Shows all but the last round, which the card shows. */
export function showPastRounds({ rounds }, own) {
  const past = rounds.slice(0, -1).reverse();
  element('asked').hidden = past.length === 0;
  showKeyed(
    element('rounds'),
    past,
    ({ offset }) => offset,
    (round) => roundElement(round, own),
  );
}

function roundElement(round, own) {
  const { question, answers } = round;
  const { right, all } = resultOf(round);
  const mine = answers.get(own);
  const note =
    mine === undefined
      ? ''
      : mine === question.right
        ? ', including you'
        : `, you chose ${question.choices[mine]}`;
  const bar = made('span', 'bar');
  bar.style.setProperty('--share', all > 0 ? String(right / all) : '0');
  bar.setAttribute('aria-hidden', 'true');
  return made(
    'li',
    'round',
    undefined,
    made('span', 'asked-text', question.text),
    made('strong', 'asked-answer', question.choices[question.right]),
    bar,
    made('span', 'asked-tally', all === 0 ? 'nobody answered' : `${right} of ${all} knew it${note}`),
  );
}
