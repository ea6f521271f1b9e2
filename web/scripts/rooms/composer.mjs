/** The input for messages to the room. It also shows errors of everything that this page publishes. */
import { MAX_WORDS } from './lines.mjs';
import { randomKey } from './random-key.mjs';

const NOTICE_MILLISECONDS = 8_000;
const SLOW_MILLISECONDS = 800;
const SENDING = 'Sending…';
/** Codes of Centrifuge's client and protocol. */
const PROBLEMS = {
  1: 'Not sent: there is no connection. Try again when it is back.',
  11: 'Not sent: the connection closed. Try again when it is back.',
  111: 'Not sent: too many messages at once. Wait a moment.',
};

const element = (id) => document.getElementById(id);

export class Composer {
  #publish;
  #noticeTimer;
  /** The text that is being sent, and its key. A retry uses the same key, so the text appears only once. */
  #sending = { words: '', key: '' };
  #isBusy = false;

  /** @param publish takes data, and resolves when the server has stored it */
  constructor(publish) {
    this.#publish = publish;
    element('line').maxLength = MAX_WORDS;
    element('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#say();
    });
    element('line').addEventListener('input', () => this.#problem(''));
  }

  /** Resolves to `false`, and shows an error, if the data may not have arrived. */
  async publish(data) {
    const slow = setTimeout(() => this.notice(SENDING), SLOW_MILLISECONDS);
    try {
      await this.#publish(data);
      this.#problem('');
      return true;
    } catch (error) {
      this.#problem(PROBLEMS[error?.code] ?? `Not sent: ${error?.message ?? error}`);
      return false;
    } finally {
      clearTimeout(slow);
      if (element('notice').textContent === SENDING) this.notice('');
    }
  }

  /** Shows a notice for a few seconds. */
  notice(text) {
    clearTimeout(this.#noticeTimer);
    element('notice').textContent = text;
    this.#noticeTimer = setTimeout(() => {
      element('notice').textContent = '';
    }, NOTICE_MILLISECONDS);
  }

  clear() {
    clearTimeout(this.#noticeTimer);
    element('notice').textContent = '';
    this.#problem('');
  }

  async #say() {
    const input = element('line');
    const words = input.value.trim();
    if (words === '' || this.#isBusy) return;
    if (words !== this.#sending.words) this.#sending = { words, key: randomKey() };
    this.#isBusy = true;
    const isSaid = await this.publish({ type: 'say', key: this.#sending.key, words });
    this.#isBusy = false;
    if (!isSaid) return;
    this.#sending = { words: '', key: '' };
    // The user may have typed more in the meantime.
    if (input.value.trim() === words) input.value = '';
  }

  #problem(text) {
    element('problem').textContent = text;
  }
}
