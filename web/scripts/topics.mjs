/**
 * The list of topics. A tick shows that the server has confirmed a topic. The user's choice is kept for the next
 * connection.
 */

import { isTopic } from './frames.mjs';

const EVERYTHING = '*';
const KNOWN = new Map([
  [EVERYTHING, 'everything'],
  ['adt', 'admissions'],
  ['oru', 'results'],
  ['orm', 'orders'],
  ['siu', 'schedules'],
  ['mdm', 'documents'],
  ['file', 'not HL7'],
  ['broken', 'invalid HL7'],
]);
const RULE = 'A topic has 1 to 32 of the characters a-z, 0-9, "_" and "-", such as vxu.';

const element = (id) => document.getElementById(id);

export class Topics {
  #settings;
  #send;
  #boxes = new Map();
  #wanted;
  /** The topics that the server confirmed last; undefined before its first response on this connection. */
  #known;
  /**
   * The choice in a change that the server has not answered yet. Only one change is sent at a time, so that a
   * response never undoes a later choice.
   */
  #asked;

  /** `send` takes `{Subscribe: […], Unsubscribe: […]}`. */
  constructor(settings, send) {
    this.#settings = settings;
    this.#send = send;
    this.#wanted = new Set((settings.list('topics') ?? [EVERYTHING]).filter(isTopic));
    for (const topic of [...KNOWN.keys(), ...this.#wanted]) this.#box(topic);
    this.#tick(this.#wanted);
    element('topic-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#add(element('topic').value.trim().toLowerCase());
    });
  }

  get wanted() {
    return [...this.#wanted].sort();
  }

  /** Called when the connection changes: nothing is sent until a new connection has confirmed its subscriptions. */
  forget() {
    this.#known = undefined;
    this.#asked = undefined;
  }

  /** Called with the connection's subscriptions when it opens and after each change. */
  answer(topics) {
    const asked = this.#asked ?? this.#known;
    this.#known = new Set(topics);
    this.#asked = undefined;
    if (asked && isSame(asked, this.#wanted)) this.#show(topics);
    else this.#ask();
  }

  /** Called when a change was refused. Ticks the topics that the server confirmed last. */
  refuse() {
    this.#asked = undefined;
    if (this.#known) this.#show(this.#known);
  }

  /**
   * Requests the difference between the choice and the confirmed topics. While a response is pending, nothing is
   * sent: the response triggers the next request.
   */
  #ask() {
    if (!this.#known || this.#asked) return;
    const missing = [...this.#wanted].filter((topic) => !this.#known.has(topic));
    const extra = [...this.#known].filter((topic) => !this.#wanted.has(topic));
    if (missing.length + extra.length === 0) return this.#show(this.#known);
    this.#asked = this.#wanted;
    this.#send({ Subscribe: missing, Unsubscribe: extra });
  }

  #show(topics) {
    this.#want(topics);
    this.#tick(topics);
  }

  #add(topic) {
    const isSound = isTopic(topic);
    element('topic-problem').textContent = isSound ? '' : RULE;
    if (!isSound) return element('topic').focus();
    element('topic').value = '';
    this.#box(topic).checked = true;
    this.#toggle(topic, true);
  }

  #toggle(topic, isWanted) {
    element('topic-problem').textContent = '';
    const wanted = new Set(this.#wanted);
    if (isWanted) wanted.add(topic);
    else wanted.delete(topic);
    this.#want(wanted);
    this.#ask();
    this.#count();
  }

  #want(topics) {
    this.#wanted = new Set(topics);
    this.#settings.set('topics', JSON.stringify(this.wanted));
  }

  #tick(topics) {
    const ticked = new Set(topics);
    for (const topic of ticked) this.#box(topic);
    for (const [topic, box] of this.#boxes) box.checked = ticked.has(topic);
    this.#count();
  }

  #count() {
    element('topics-count').textContent = this.#wanted.has(EVERYTHING) ? 'all' : String(this.#wanted.size);
  }

  /** The checkbox of a topic, created if missing. */
  #box(topic) {
    const known = this.#boxes.get(topic);
    if (known) return known;
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.value = topic;
    box.addEventListener('change', () => this.#toggle(topic, box.checked));
    const label = document.createElement('label');
    const meaning = KNOWN.get(topic);
    label.append(box, textSpan('name', topic === EVERYTHING ? 'All' : topic));
    if (meaning) label.append(textSpan('meaning', meaning));
    const item = document.createElement('li');
    item.append(label);
    element('topics').append(item);
    this.#boxes.set(topic, box);
    return box;
  }
}

function isSame(topics, others) {
  return topics.size === others.size && [...topics].every((topic) => others.has(topic));
}

function textSpan(className, text) {
  const span = document.createElement('span');
  span.className = className;
  span.textContent = text;
  return span;
}
