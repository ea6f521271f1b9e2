/** The current question of a room, with its choices as buttons and its result as bars. */
import { isolated, made } from './elements.mjs';
import { openRound, resultOf } from './quiz.mjs';

const element = (id) => document.getElementById(id);

export class QuestionCard {
  #shown;
  #choices = [];
  #answer;

  /** @param answer takes the number of a choice */
  constructor({ ask, answer, reveal }) {
    this.#answer = answer;
    onPress(element('ask'), ask);
    onPress(element('reveal'), reveal);
  }

  /**
   * @param own the user of this page
   * @param pending the choice that is being sent, if there is one
   * @param here how many people are in the room
   * @param isLoaded whether the quiz is complete, and not only the part that has arrived so far
   */
  show(quiz, { own, pending, here, isLoaded }) {
    const round = quiz.rounds.at(-1);
    const isOpen = openRound(quiz) !== undefined;
    setAvailable(element('ask'), isLoaded && !isOpen);
    setAvailable(element('reveal'), isOpen);
    element('question').dataset.state = isOpen ? 'open' : 'revealed';
    if (!round) return this.#empty(isLoaded);
    if (this.#shown !== round.offset) this.#begin(round);
    const result = resultOf(round);
    const mine = pending ?? round.answers.get(own);
    for (const [index, choice] of this.#choices.entries()) choice.show(round, result, index === mine);
    element('tally').textContent = tally(round, result, here);
  }

  #empty(isLoaded) {
    this.#shown = undefined;
    this.#choices = [];
    element('choices').replaceChildren();
    element('asker').textContent = 'Anyone can ask, everyone answers';
    element('question-text').textContent = isLoaded ? 'No question yet' : 'Entering the room…';
    element('tally').textContent = '';
  }

  #begin({ offset, by, question }) {
    this.#shown = offset;
    this.#choices = question.choices.map(
      (text, index) => new Choice(text, index, () => this.#answer(offset, index)),
    );
    element('asker').replaceChildren(isolated('span', 'author', by.name), ' asks');
    element('question-text').textContent = question.text;
    element('choices').replaceChildren(...this.#choices.map(({ item }) => item));
  }
}

class Choice {
  item;
  #button;
  #note = made('span', 'note');
  #count = made('span', 'count-of');
  #unit = made('span', 'visually-hidden');
  #mark;

  constructor(text, index, choose) {
    this.#mark = made('span', 'letter', 'ABCD'[index] ?? String(index + 1));
    this.#mark.setAttribute('aria-hidden', 'true');
    this.#button = made(
      'button',
      'choice',
      undefined,
      this.#mark,
      made('span', 'words', text),
      this.#note,
      this.#count,
      this.#unit,
    );
    this.#button.type = 'button';
    onPress(this.#button, choose);
    this.item = made('li', '', undefined, this.#button);
    this.index = index;
  }

  show({ question, isRevealed }, { counts, all }, isMine) {
    const isRight = isRevealed && question.right === this.index;
    const count = counts[this.index];
    setAvailable(this.#button, !isRevealed);
    this.#button.setAttribute('aria-pressed', String(isMine));
    this.#button.dataset.result = !isRevealed ? 'none' : isRight ? 'right' : 'wrong';
    this.#button.style.setProperty('--share', isRevealed && all > 0 ? String(count / all) : '0');
    setText(this.#note, [isRight && 'right', isMine && 'your answer'].filter(Boolean).join(', '));
    setText(this.#count, isRevealed ? String(count) : '');
    setText(this.#unit, !isRevealed ? '' : count === 1 ? 'answer' : 'answers');
  }
}

function tally({ isRevealed }, { right, all }, here) {
  if (isRevealed) return all === 0 ? 'Nobody answered' : `${right} of ${all} were right`;
  if (all === 0) return 'No answers yet';
  return all >= here ? 'Everybody has answered' : `${all} of ${here} have answered`;
}

/** Uses `aria-disabled`, so that an unavailable button keeps its place and the focus. */
function setAvailable(button, isAvailable) {
  button.setAttribute('aria-disabled', String(!isAvailable));
}

function onPress(button, press) {
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') !== 'true') press();
  });
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
