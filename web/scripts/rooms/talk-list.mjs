/** The chat of a room. It scrolls to the newest line unless the reader has scrolled up. */
import { hueOf } from '../people.mjs';
import { isolated, made, showKeyed } from './elements.mjs';

const NEAR_BOTTOM_PIXELS = 40;
const element = (id) => document.getElementById(id);

export class TalkList {
  #follows = true;

  constructor() {
    const scroller = element('talk');
    scroller.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = scroller;
      this.#follows = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PIXELS;
    });
    new ResizeObserver(() => this.#follow()).observe(scroller);
  }

  show(lines, own) {
    const list = element('lines');
    showKeyed(
      list,
      lines,
      ({ offset }) => offset,
      ({ by, words }) => lineElement(by, words, own),
    );
    element('silence').hidden = lines.length > 0;
    this.#follow();
    // Screen readers announce only lines that arrive from now on.
    const log = element('talk-log');
    if (log.ariaLive === 'off') requestAnimationFrame(() => log.setAttribute('aria-live', 'polite'));
  }

  forget() {
    element('talk-log').setAttribute('aria-live', 'off');
    element('lines').replaceChildren();
    element('silence').hidden = true;
    this.#follows = true;
  }

  #follow() {
    const scroller = element('talk');
    if (this.#follows) scroller.scrollTop = scroller.scrollHeight;
  }
}

function lineElement({ user, name }, words, own) {
  const author = isolated('span', 'author', name);
  author.dataset.hue = hueOf(name);
  return made('li', user === own ? 'own' : '', undefined, author, ' ', isolated('span', 'words', words));
}
