/** The Channels panel: the app's services that use the library, if it has any, with their channels. */
import { byId, make, reconcile, setText } from './dom.mjs';
import { count, plural } from './format.mjs';
import { MembersView } from './members-view.mjs';
import { ask } from './runtime.mjs';

/** Dispatches `services` (the state of all services), `asked`, `report` and `connection`. */
export class Channels extends EventTarget {
  #view;

  constructor() {
    super();
    byId('find-channel').addEventListener('input', () => this.dispatchEvent(new Event('asked')));
  }

  /** @param isShown whether the panel is visible */
  async refresh(isShown) {
    try {
      if (this.#view && isShown) await this.#view.refresh();
      else await this.#refreshServices();
      setText(byId('channels-problem'), '');
    } catch (error) {
      setText(byId('channels-problem'), error.message);
    }
  }

  async #refreshServices() {
    const find = byId('find-channel').value;
    const detail = await ask('GET', `services?find=${encodeURIComponent(find)}`);
    this.dispatchEvent(new CustomEvent('services', { detail }));
    reconcile(
      byId('service-list'),
      detail.services,
      ({ name }) => name,
      () =>
        make(
          'section',
          { className: 'service' },
          make('h3'),
          make('ul', { className: 'list' }),
          make('p', { className: 'quiet more' }),
        ),
      (section, service) => this.#updateService(section, service),
    );
  }

  #updateService(section, { name, connections, users, channels, isPartial }) {
    const [title, list, more] = section.children;
    setText(title, name);
    const everyone = { members: connections, more: users > 0 ? plural(users, 'user') : '' };
    const rows = channels.shown.map(({ channel, members, log }) => ({
      ...{ channel, members, more: log ? `line ${count(log.offset)}` : '' },
    }));
    reconcile(
      list,
      [everyone, ...rows],
      // No channel can have this name.
      ({ channel = '*' }) => channel,
      ({ channel }) => this.#row(name, channel),
      (element, row) => {
        const [, about, members] = element.firstElementChild.children;
        setText(about, row.more);
        setText(members, plural(row.members, row.channel === undefined ? 'connection' : 'member'));
      },
    );
    const texts = [
      channels.found === 0 && channels.total > 0 && 'No channel matches.',
      channels.found > channels.shown.length &&
        `Showing the ${count(channels.shown.length)} of ${count(channels.found)} with the most members. Search to find the others.`,
      isPartial && 'The table has more rows than this page reads.',
    ];
    setText(more, texts.filter(Boolean).join(' '));
  }

  #row(service, channel) {
    const button = make(
      'button',
      { type: 'button', className: 'row' },
      make('span', { className: channel === undefined ? 'name quiet' : 'name' }, channel ?? 'everyone'),
      make('span', { className: 'quiet' }),
      make('span', { className: 'age' }),
    );
    button.addEventListener('click', () => this.#open(new MembersView(service, channel)));
    return make('li', {}, button);
  }

  #open(view) {
    this.#view = view;
    byId('services').hidden = view !== undefined;
    byId('channel').hidden = view === undefined;
    byId('channel').replaceChildren(...(view ? [view.element] : []));
    if (view) {
      view.addEventListener('back', () => this.#open(undefined));
      for (const name of ['report', 'connection']) {
        view.addEventListener(name, ({ detail }) => this.dispatchEvent(new CustomEvent(name, { detail })));
      }
      view.focus();
    } else {
      byId('find-channel').focus();
    }
    this.dispatchEvent(new Event('asked'));
  }
}
