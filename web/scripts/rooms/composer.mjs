/** What this page says to its room: the input below the talk, and what goes wrong with anything that it publishes. */
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
  /** The words on their way, and their key: said again, they are the same line. */
  #sending = { words: '', key: '' };
  #isBusy = false;

  /** @param publish takes data, and resolves when the server has it */
  constructor(publish) {
    this.#publish = publish;
    element('line').maxLength = MAX_WORDS;
    element('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#say();
    });
    element('line').addEventListener('input', () => this.#problem(''));
  }

  /** `false` if it may not have arrived, which is shown. */
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

  /** Something worth knowing for a moment. */
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
