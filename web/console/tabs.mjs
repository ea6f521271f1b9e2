/** Tabs that follow the ARIA Authoring Practices: the arrow keys move the focus and show the focused tab. */
import { byId, setText } from './dom.mjs';

export class Tabs extends EventTarget {
  #tabs = [...byId('tabs').children];

  constructor() {
    super();
    byId('tabs').addEventListener('click', ({ target }) => this.#show(target.closest('[role="tab"]')));
    byId('tabs').addEventListener('keydown', (event) => this.#move(event));
  }

  show(name) {
    this.#show(byId(`tab-${name}`));
  }

  isShown(name) {
    return !byId(`panel-${name}`).hidden;
  }

  setCount(name, text) {
    setText(byId(`tab-${name}`).querySelector('[data-count]'), String(text));
  }

  #show(tab) {
    if (!tab || tab.getAttribute('aria-selected') === 'true') return;
    for (const one of this.#tabs) {
      const isShown = one === tab;
      one.setAttribute('aria-selected', String(isShown));
      one.tabIndex = isShown ? 0 : -1;
      byId(one.getAttribute('aria-controls')).hidden = !isShown;
    }
    tab.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    this.dispatchEvent(new CustomEvent('shown', { detail: tab.id.slice('tab-'.length) }));
  }

  #move(event) {
    const tabs = this.#tabs.filter((one) => !one.hidden);
    const at = tabs.indexOf(document.activeElement);
    const places = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 };
    if (at < 0 || !Object.hasOwn(places, event.key)) return;
    event.preventDefault();
    const next = tabs.at(places[event.key] % tabs.length);
    next.focus();
    this.#show(next);
  }
}
