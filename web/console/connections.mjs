/** The Connections panel: details of each open connection, with a form to send a text or disconnect. */
import { byId, make, reconcile, setText } from './dom.mjs';
import { age, count, duration, plural } from './format.mjs';
import { ask } from './runtime.mjs';
import { sendForm, showOutcome } from './send-form.mjs';

/** The most ids in one request. */
const MOST_IDS = 200;

export class Connections extends EventTarget {
  #opened;
  #list = byId('connections');
  #now = Date.now();
  /** Users that the library knows, by connection id. */
  #users = {};

  get find() {
    return byId('find-connection').value;
  }

  /** The search, which also finds users that only the library knows. */
  get query() {
    const query = new URLSearchParams({ find: this.find });
    const wanted = this.find.toLowerCase();
    const ids = Object.keys(this.#users).filter((id) => this.#users[id].toLowerCase().includes(wanted));
    if (wanted !== '') for (const id of ids.slice(0, MOST_IDS)) query.append('id', id);
    return query;
  }

  set users(users) {
    this.#users = users;
  }

  constructor() {
    super();
    byId('find-connection').addEventListener('input', () => this.dispatchEvent(new Event('asked')));
  }

  /** Searches for a connection and shows its details. */
  open(id) {
    this.#opened = id;
    byId('find-connection').value = id;
    this.dispatchEvent(new Event('asked'));
  }

  show({ total, found, shown }, now) {
    this.#now = now;
    const isFound = this.find !== '';
    byId('connections-empty').hidden = shown.length > 0;
    setText(
      byId('connections-empty'),
      total === 0 ? 'Nobody is connected.' : `No connection matches “${this.find}”. It may have closed.`,
    );
    const more = `the newest ${count(shown.length)} of ${count(found)}${isFound ? ' that match' : ''}`;
    setText(
      byId('connections-more'),
      found > shown.length ? `Showing ${more}. Search to find the others.` : '',
    );
    reconcile(
      this.#list,
      shown,
      ({ id }) => id,
      (one) => this.#create(one),
      (element, one) => this.#update(element, one),
    );
  }

  #create({ id }) {
    const head = make(
      'button',
      { type: 'button', className: 'row', aria: { expanded: 'false' } },
      make('span', { className: 'name' }),
      make('span', { className: 'stage' }),
      make('span', { className: 'traffic' }),
      make('span', { className: 'age' }),
    );
    const element = make('li', {}, head);
    head.addEventListener('click', () => {
      this.#opened = this.#opened === id ? undefined : id;
      for (const child of this.#list.children) this.#fold(child);
    });
    return element;
  }

  #update(element, one) {
    one.user ??= this.#users[one.id];
    element.one = one;
    const [name, stage, traffic, since] = element.firstElementChild.children;
    setText(name, one.user ?? one.id);
    name.classList.toggle('mono', one.user === undefined);
    setText(stage, `/${one.stage}`);
    setText(traffic, `↑${count(one.received)} ↓${count(one.sent)}`);
    traffic.title = `${plural(one.received, 'frame')} from the client, ${count(one.sent)} to it`;
    setText(since, age(this.#now - one.connectedAt));
    this.#fold(element);
  }

  /** Adds the details and the form while the row is open, and removes them otherwise. */
  #fold(element) {
    const { one } = element;
    const isOpen = one.id === this.#opened;
    element.firstElementChild.setAttribute('aria-expanded', String(isOpen));
    if (!isOpen) return element.querySelector('.details')?.remove();
    const details = element.querySelector('.details') ?? element.appendChild(this.#details(one));
    reconcile(
      details.querySelector('dl'),
      factsOf(one, this.#now),
      ([term]) => term,
      ([term]) => make('div', {}, make('dt', {}, term), make('dd')),
      (pair, [, value]) => setText(pair.lastElementChild, value),
    );
  }

  #details({ id }) {
    const path = `connections/${encodeURIComponent(id)}`;
    const close = make('button', { type: 'button', className: 'danger' }, 'Disconnect');
    const events = make('button', { type: 'button' }, 'Show activity');
    const { element, outcome } = sendForm({
      ...{ label: 'Send', placeholder: 'Text to send', actions: [close, events] },
      send: async (text) => {
        await ask('POST', path, text);
        return 'Sent.';
      },
    });
    close.addEventListener('click', () =>
      showOutcome(outcome, async () => {
        await ask('DELETE', path);
        return 'Closed with code 1000.';
      }),
    );
    events.addEventListener('click', () => this.dispatchEvent(new CustomEvent('activity', { detail: id })));
    return make('div', { className: 'details' }, make('dl'), element);
  }
}

function factsOf({ id, stage, user, from, userAgent, authorizer = {}, connectedAt, lastActiveAt }, now) {
  const facts = [
    ['id', id],
    ['stage', stage],
    ['user', user],
    ['from', from],
    ['client', userAgent],
    [
      'since',
      `${new Date(connectedAt).toTimeString().slice(0, 8)}, ${duration(Math.max(0, now - connectedAt))} ago`,
    ],
    ['last active', `${age(now - lastActiveAt)} ago`],
    ...Object.entries(authorizer)
      .filter(([name]) => name !== 'principalId')
      .map(([name, value]) => [name, value]),
  ];
  return facts.filter(([, value]) => value !== undefined);
}
