/**
 * The conversation on the page: messages with author and time, and a line for each day. The number of messages is
 * bounded.
 */
import { badge, hueOf } from './people.mjs';
import { dayOf, showTime } from './times.mjs';

const MOST_MESSAGES = 500;
const NEAR_BOTTOM_PIXELS = 60;
/** Messages of one author that follow each other within this time share a heading. */
const GROUP_MILLISECONDS = 5 * 60_000;

export class MessageList {
  #list = document.querySelector('#messages');
  #scroller = document.querySelector('#scroller');
  #empty = document.querySelector('#empty');
  #newest = document.querySelector('#newest');
  #newestCount = document.querySelector('#newest-count');
  #waiting = [];
  #missed = 0;
  #lastDay = '';
  #follows = true;
  /** The first visible row, and its distance from the top. */
  #place;
  #ownScrollTop = -1;
  /** The author and time of each message: `{author, time, own}`. */
  #lines = new WeakMap();

  constructor() {
    this.#newest.addEventListener('click', () => this.toBottom());
    this.#scroller.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
      this.#follows = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PIXELS;
      if (this.#follows) this.#setMissed(0);
      else this.#notePlace();
    });
    new ResizeObserver(() => this.#follow()).observe(this.#scroller);
  }

  /** Shows a message. Several that arrive together are added to the page together. */
  add({ author, text, time, own, mark }) {
    const element = messageElement({ author, text, time, own, mark });
    this.#lines.set(element, { author, time, own });
    this.#enqueue({ element, day: dayOf(time), counts: !own });
    return element;
  }

  /** A notice without an author. */
  note(text) {
    const element = document.createElement('li');
    element.className = 'note';
    element.textContent = text;
    this.#enqueue({ element, counts: false });
  }

  /** The server has sent back our own line. Shows it with the author and time that everyone sees. */
  confirm(element, { author, time }) {
    this.mark(element, '');
    setAuthor(element, author);
    this.#lines.set(element, { author, time, own: true });
    showTime(element.querySelector('time'), time);
    if (element.isConnected && element !== this.#list.lastElementChild) {
      const next = element.nextElementSibling;
      this.#list.append(element);
      this.#group(next);
    }
    this.#group(element);
    this.#follow();
  }

  mark(element, mark) {
    element.classList.toggle('unsent', mark !== '');
    element.querySelector('.mark').textContent = mark;
  }

  toBottom() {
    this.#follows = true;
    this.#setMissed(0);
    this.#follow();
  }

  #enqueue(entry) {
    this.#waiting.push(entry);
    if (this.#waiting.length > MOST_MESSAGES) this.#waiting.shift();
    if (this.#waiting.length === 1) requestAnimationFrame(() => this.#show());
  }

  #show() {
    const entries = this.#waiting;
    this.#waiting = [];
    const fragment = document.createDocumentFragment();
    for (const { element, day } of entries) {
      if (day !== undefined && day !== this.#lastDay) {
        this.#lastDay = day;
        fragment.append(dayElement(day));
      }
      fragment.append(element);
    }
    this.#list.append(fragment);
    for (const { element } of entries) this.#group(element);
    this.#empty.hidden = true;
    this.#trim();
    if (this.#follows) {
      this.#follow();
      return;
    }
    this.#keepPlace();
    this.#setMissed(this.#missed + entries.filter(({ counts }) => counts).length);
  }

  /** Keeps the scroll position of a reader further up while messages are added below and removed above. */
  #keepPlace() {
    if (!this.#place?.element.isConnected) return;
    this.#scroller.scrollTop += this.#offsetOf(this.#place.element) - this.#place.offset;
    this.#ownScrollTop = this.#scroller.scrollTop;
  }

  /** Stored when the reader scrolls, but not with each message, because rounding errors would add up. */
  #notePlace() {
    if (this.#scroller.scrollTop === this.#ownScrollTop) return;
    const element = [...this.#list.children].find((row) => this.#offsetOf(row) >= 0);
    this.#place = element && { element, offset: this.#offsetOf(element) };
  }

  #offsetOf(element) {
    return element.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
  }

  #trim() {
    while (this.#list.childElementCount > MOST_MESSAGES) this.#list.firstElementChild.remove();
    this.#group(this.#list.firstElementChild);
  }

  /** Hides the heading of a message that continues the one above it. */
  #group(element) {
    const line = this.#lines.get(element);
    if (!line) return;
    const above = this.#lines.get(element.previousElementSibling);
    const continues =
      above?.author === line.author &&
      above.own === line.own &&
      Math.abs(line.time - above.time) < GROUP_MILLISECONDS;
    element.classList.toggle('continued', continues);
  }

  #follow() {
    if (this.#follows) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #setMissed(missed) {
    this.#missed = missed;
    this.#newest.hidden = missed === 0;
    this.#newestCount.textContent = missed === 1 ? '1 new message' : `${missed} new messages`;
  }
}

function messageElement({ author, text, time, own, mark = '' }) {
  const element = document.createElement('li');
  element.className = `message${own ? ' own' : ''}${mark ? ' unsent' : ''}`;
  const meta = document.createElement('div');
  meta.className = 'meta';
  const name = document.createElement('span');
  name.className = 'author';
  name.dir = 'auto';
  const when = document.createElement('time');
  showTime(when, time);
  const state = document.createElement('span');
  state.className = 'mark';
  state.textContent = mark;
  meta.append(name, when, state);
  const body = document.createElement('div');
  body.className = 'text';
  body.dir = 'auto';
  body.append(...withLinks(text));
  element.append(badge(author), meta, body);
  setAuthor(element, author);
  return element;
}

function setAuthor(element, author) {
  const name = element.querySelector('.author');
  name.textContent = author;
  name.dataset.hue = hueOf(author);
}

function dayElement(day) {
  const element = document.createElement('li');
  element.className = 'day';
  element.textContent = day;
  return element;
}

/** Turns web addresses into links, and everything else into text nodes. */
function* withLinks(text) {
  let end = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?()[\]{}]/gi)) {
    const url = URL.canParse(match[0]) ? new URL(match[0]) : undefined;
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') continue;
    yield document.createTextNode(text.slice(end, match.index));
    const link = document.createElement('a');
    link.href = url.href;
    link.rel = 'noopener noreferrer';
    link.target = '_blank';
    link.textContent = match[0];
    yield link;
    end = match.index + match[0].length;
  }
  yield document.createTextNode(text.slice(end));
}
