/**
 * Announces the quiz to screen readers: each new question and each result once, but nothing that happened before the
 * page entered the room.
 */

const element = (id) => document.getElementById(id);
const PAUSE_MILLISECONDS = 300;

export class Announcer {
  /** The last announced round, and whether its result was announced; `undefined` before the room is loaded. */
  #told;
  #timer;

  forget() {
    this.#told = undefined;
    clearTimeout(this.#timer);
    element('announcer').textContent = '';
  }

  /** @param round the last round, if any */
  follow(round, own) {
    const now = { offset: round?.offset, isRevealed: round?.isRevealed };
    const before = this.#told;
    this.#told = now;
    if (!before || !round) return;
    if (before.offset !== now.offset || before.isRevealed !== now.isRevealed) this.#say(textOf(round, own));
  }

  /** If several texts arrive at once, such as after a reconnection, only the last one is announced. */
  #say(text) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      element('announcer').textContent = text;
    }, PAUSE_MILLISECONDS);
  }
}

function textOf({ by, question, answers, isRevealed }, own) {
  const { text, choices, right } = question;
  if (!isRevealed) return `${by.name} asks: ${text} ${choices.join(', ')}.`;
  const all = [...answers.values()];
  const rights = all.filter((choice) => choice === right).length;
  const mine = answers.has(own) ? ` You were ${answers.get(own) === right ? 'right' : 'wrong'}.` : '';
  return `The answer is ${choices[right]}. ${rights} of ${all.length} were right.${mine}`;
}
