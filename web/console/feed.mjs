/**
 * The activity feed, the newest event first. It draws at most ten times a second, and only as many rows as people can
 * read.
 */
import { byId, make, setText } from './dom.mjs';
import { isProblem, rowOf, textOf } from './feed-rows.mjs';
import { count, plural } from './format.mjs';

/** How many events are remembered, so that a changed filter has something to show. */
const REMEMBERED = 2_000;
const ROWS = 300;
const ROWS_AT_ONCE = 60;
const FRAME_MILLISECONDS = 100;

/** The kinds of events that each button shows or hides. */
const GROUPS = [
  { name: 'Connections', kinds: ['opened', 'closed', 'refused'] },
  { name: 'Messages', kinds: ['message', 'answer'] },
  { name: 'Posts', kinds: ['post'] },
  { name: 'Functions', kinds: ['end', 'notice'] },
  { name: 'Output', kinds: ['output'] },
  { name: 'Log', kinds: ['log', 'fault'] },
  { name: 'Only problems', isProblems: true },
];

export class Feed extends EventTarget {
  #events = [];
  #fresh = [];
  #skipped = 0;
  #timer;
  #isPaused = false;
  #hidden = new Set();
  #onlyProblems = false;
  #find = '';
  #list = byId('feed');
  #newest = 0;
  #paused = 0;

  constructor() {
    super();
    for (const group of GROUPS) byId('kinds').append(this.#button(group));
    byId('find-activity').addEventListener('input', ({ target }) => this.find(target.value));
    byId('pause').addEventListener('click', () => this.#pause(!this.#isPaused));
    byId('clear').addEventListener('click', () => {
      this.#events = [];
      this.#redraw();
    });
    byId('wrap').addEventListener('change', ({ target }) =>
      this.#list.classList.toggle('wraps', target.checked),
    );
    this.#list.addEventListener('click', ({ target }) => {
      const id = target.closest('[data-connection]')?.dataset.connection;
      if (id !== undefined) this.dispatchEvent(new CustomEvent('connection', { detail: id }));
    });
  }

  /** Called when the runtime has restarted. */
  begin() {
    this.#newest = 0;
  }

  add({ events, skipped }) {
    const fresh = events.filter(({ n, kind }) => n > this.#newest && kind !== 'start');
    this.#newest = Math.max(this.#newest, events.at(-1)?.n ?? 0);
    this.#events.push(...fresh);
    this.#events.splice(0, this.#events.length - REMEMBERED);
    if (this.#isPaused) {
      this.#paused += fresh.length + skipped;
      setText(byId('pause'), `Resume (${count(this.#paused)})`);
      return;
    }
    this.#fresh.push(...fresh);
    this.#skipped += skipped;
    this.#timer ??= setTimeout(() => requestAnimationFrame(() => this.#draw()), FRAME_MILLISECONDS);
  }

  /** Shows only events that contain the text. */
  find(text) {
    this.#find = text.toLowerCase();
    if (byId('find-activity').value !== text) byId('find-activity').value = text;
    this.#redraw();
  }

  #button({ name, kinds = [], isProblems = false }) {
    const button = make(
      'button',
      { type: 'button', className: 'chip', aria: { pressed: String(!isProblems) } },
      name,
    );
    button.addEventListener('click', () => {
      const isOn = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(isOn));
      if (isProblems) this.#onlyProblems = isOn;
      else for (const kind of kinds) this.#hidden[isOn ? 'delete' : 'add'](kind);
      this.#redraw();
    });
    return button;
  }

  #pause(isPaused) {
    this.#isPaused = isPaused;
    this.#paused = 0;
    byId('pause').setAttribute('aria-pressed', String(isPaused));
    setText(byId('pause'), isPaused ? 'Resume' : 'Pause');
    if (!isPaused) this.#redraw();
  }

  #isShown(event) {
    if (this.#hidden.has(event.kind)) return false;
    if (this.#onlyProblems && !isProblem(event)) return false;
    return this.#find === '' || textOf(event).includes(this.#find);
  }

  #redraw() {
    this.#fresh = [];
    this.#skipped = 0;
    this.#list.replaceChildren(
      ...this.#events
        .filter((one) => this.#isShown(one))
        .slice(-ROWS)
        .reverse()
        .map(rowOf),
    );
    this.#showEmpty();
  }

  #draw() {
    this.#timer = undefined;
    const shown = this.#fresh.filter((one) => this.#isShown(one));
    const rows = shown.slice(-ROWS_AT_ONCE).reverse().map(rowOf);
    const left = shown.length - rows.length + (this.#find === '' ? this.#skipped : 0);
    this.#fresh = [];
    this.#skipped = 0;
    if (left > 0) rows.push(this.#gap(left));
    this.#list.prepend(...rows);
    while (this.#list.childElementCount > ROWS) this.#list.lastElementChild.remove();
    this.#showEmpty();
  }

  /** A row for the events that were left out of this drawing. */
  #gap(left) {
    return make('li', { className: 'gap' }, `${count(left)} more`);
  }

  #showEmpty() {
    const isEmpty = this.#list.childElementCount === 0;
    byId('feed-empty').hidden = !isEmpty;
    const hasAny = this.#events.length > 0;
    setText(
      byId('feed-empty'),
      hasAny
        ? 'No recent event matches the filter.'
        : 'Nothing has happened yet. Connect a client or send a message.',
    );
  }

  /** Shows how much happened in the last second. */
  showPace({ counts, gauges }) {
    const sum = counts.messages + counts.delivered + counts.invocations + counts.opened + counts.closed;
    setText(
      byId('pace'),
      sum === 0 ? 'quiet' : `${count(sum)} a second, ${plural(gauges.running, 'function')} running`,
    );
  }
}
