/** Tells screen readers what happens in the quiz: once for each question and each result, and never what was before. */

const element = (id) => document.getElementById(id);
const PAUSE_MILLISECONDS = 300;

export class Announcer {
  /** The last round that was told, and whether its result was; `undefined` before the room is loaded. */
  #told;
  #timer;

  forget() {
    this.#told = undefined;
    clearTimeout(this.#timer);
    element('announcer').textContent = '';
  }

  /** @param round the last one, if there is one */
  follow(round, own) {
    const now = { offset: round?.offset, isRevealed: round?.isRevealed };
    const before = this.#told;
    this.#told = now;
    if (!before || !round) return;
    if (before.offset !== now.offset || before.isRevealed !== now.isRevealed) this.#say(textOf(round, own));
  }

  /** Of several in a moment, such as after a reconnection, the last one counts. */
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
