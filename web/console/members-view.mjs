/**
 * Shows who is in a channel, or connected to a service, with a form to publish a text and the last lines of the log.
 */
import { make, reconcile, setText } from './dom.mjs';
import { age, count, plural, timeOfDay } from './format.mjs';
import { ask } from './runtime.mjs';
import { sendForm, showOutcome } from './send-form.mjs';

/** Dispatches `back`, `report` (of a delivery) and `connection` (an id). */
export class MembersView extends EventTarget {
  #service;
  #path;
  #back = make('button', { type: 'button', aria: { label: 'Back to all channels' } }, '←');
  #summary = make('p', { className: 'quiet' });
  #users = make('ul', { className: 'list' });
  #unnamed = make('ul', { className: 'list' });
  #linesTitle = make('h4');
  #lines = make('ol', { className: 'lines' });
  #form;
  element;

  /** @param channel undefined for all connections of the service */
  constructor(service, channel) {
    super();
    this.#service = `services/${encodeURIComponent(service)}`;
    this.#path =
      channel === undefined ? this.#service : `${this.#service}/channels/${encodeURIComponent(channel)}`;
    this.#back.addEventListener('click', () => this.dispatchEvent(new Event('back')));
    this.#form = sendForm({
      label: channel === undefined ? 'Send to everyone' : 'Publish',
      placeholder: 'Text or JSON',
      send: (text) => this.#publish(text, channel ?? `everyone of ${service}`),
    });
    this.element = make(
      'section',
      { className: 'service' },
      make(
        'h3',
        {},
        this.#back,
        make('span', { className: 'name' }, channel ?? 'Everyone'),
        make('span', { className: 'quiet' }, service),
      ),
      this.#form.element,
      this.#summary,
      this.#users,
      this.#unnamed,
      this.#linesTitle,
      this.#lines,
    );
  }

  focus() {
    this.#back.focus();
  }

  async refresh() {
    const { members, users, unnamed, log, errors = [] } = await ask('GET', this.#path);
    setText(this.#summary, summaryOf(members, users, unnamed));
    reconcile(
      this.#users,
      users.shown,
      ({ user }) => user,
      ({ user }) => this.#createUser(user),
      updateUser,
    );
    reconcile(
      this.#unnamed,
      unnamed.shown,
      (id) => id,
      (id) => this.#createUnnamed(id),
      () => {},
    );
    const errorsTitle = errors.length > 0 ? 'Errors that the service has recorded' : '';
    setText(
      this.#linesTitle,
      log ? `Log, up to line ${count(log.offset)} of epoch ${log.epoch}` : errorsTitle,
    );
    reconcile(
      this.#lines,
      log?.lines ?? errors.map((data, index) => ({ offset: index, data })),
      ({ offset, data }) => `${log?.epoch} ${offset} ${log ? '' : data}`,
      log ? createLine : ({ data }) => make('li', { className: 'whole' }, data),
      () => {},
    );
  }

  async #publish(text, target) {
    const { report, position } = await ask('POST', this.#path, text);
    if (position) return `Stored as line ${count(position.offset)}.`;
    this.dispatchEvent(new CustomEvent('report', { detail: { target, report } }));
    const { sent, gone, pending, failed } = report;
    const others = [gone && `${count(gone)} gone`, pending && `${count(pending)} pending`];
    return `${[`Sent to ${count(sent)}`, ...others, failed && `${count(failed)} failed`].filter(Boolean).join(', ')}.`;
  }

  #createUser(user) {
    const label = `Disconnect ${user}`;
    const button = make(
      'button',
      { type: 'button', className: 'danger small', aria: { label } },
      'Disconnect',
    );
    button.addEventListener('click', async () => {
      button.disabled = true;
      await showOutcome(this.#form.outcome, async () => {
        const { closed } = await ask('DELETE', `${this.#service}/users/${encodeURIComponent(user)}`);
        return `Closed ${plural(closed, 'connection')} of ${user}.`;
      });
      button.disabled = false;
    });
    return make(
      'li',
      {},
      make(
        'div',
        { className: 'row' },
        make('span', { className: 'name' }, user),
        make('span', { className: 'info quiet' }),
        make('span', { className: 'quiet' }),
        make('span', { className: 'age' }),
        button,
      ),
    );
  }

  #createUnnamed(id) {
    const button = make(
      'button',
      { type: 'button', className: 'row' },
      make('span', { className: 'name mono' }, id),
      make('span', { className: 'age' }, 'no user'),
    );
    button.addEventListener('click', () => {
      this.dispatchEvent(new CustomEvent('connection', { detail: id }));
    });
    return make('li', {}, button);
  }
}

function updateUser(element, { info = '', connections, since }) {
  const [, told, times, age_] = element.firstElementChild.children;
  setText(told, info);
  setText(times, connections > 1 ? `×${count(connections)}` : '');
  setText(age_, age(Date.now() - since));
}

function createLine({ offset, at, data }) {
  return make(
    'li',
    {},
    make('span', { className: 'quiet' }, count(offset)),
    make('time', {}, timeOfDay(at)),
    make('span', { className: 'text' }, data),
  );
}

function summaryOf(members, users, unnamed) {
  if (members === 0) return 'Nobody is here.';
  const texts = [
    plural(members, 'connection'),
    users.total > 0 && ` of ${plural(users.total, 'user')}`,
    unnamed.total > 0 && users.total > 0 && `, ${count(unnamed.total)} without a user`,
    users.total > users.shown.length && `, the first ${count(users.shown.length)} users are listed`,
    unnamed.total > unnamed.shown.length && `, ${count(unnamed.shown.length)} without a user are listed`,
  ];
  return texts.filter(Boolean).join('');
}
