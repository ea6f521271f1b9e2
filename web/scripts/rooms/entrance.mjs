/** The form to enter a room, with the user's name and the room. The link of the page also contains the room. */
import { randomKey } from './random-key.mjs';
import { roomInLink, roomOf } from './room-names.mjs';

const element = (id) => document.getElementById(id);

export class Entrance {
  #settings;
  #enter;
  #leave;
  /** The key by which the server recognizes this browser. */
  #key;
  #room;

  /** @param enter takes `{ name, key, room }` */
  constructor(settings, { enter, leave }) {
    this.#settings = settings;
    this.#enter = enter;
    this.#leave = leave;
    this.#key = settings.get('guest-key') ?? randomKey();
    settings.set('guest-key', this.#key);
    element('name').value = settings.get('guest-name') ?? settings.get('alias') ?? '';
    element('enter').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    element('leave').addEventListener('click', () => {
      this.#showForm();
      element('room').focus();
    });
    addEventListener('hashchange', () => {
      if (roomInLink(location.hash) !== this.#room) this.open();
    });
  }

  /** Enters the room of the link, if the user has a name. */
  open() {
    const room = roomInLink(location.hash);
    element('room').value = room ?? 'lobby';
    if (room && element('name').value) this.#go(room);
    else this.#showForm();
  }

  /** Called when the server refuses the name or the connection. */
  refuse(why) {
    this.#showForm();
    const [, rule] = /^bad request: data\.name (.*)/.exec(why) ?? [];
    element('enter-problem').textContent = rule ? `Your name ${rule}` : `The server refused: ${why}`;
    if (rule) element('name').focus();
  }

  #submit() {
    const room = roomOf(element('room').value);
    if (room) {
      this.#go(room);
      element('stage').focus();
      return;
    }
    element('enter-problem').textContent = 'The name of this room is too long.';
    element('room').focus();
  }

  #go(room) {
    const name = element('name').value.trim();
    this.#settings.set('guest-name', name);
    this.#room = room;
    if (roomInLink(location.hash) !== room) location.hash = encodeURIComponent(room);
    document.title = `${room} · Rooms`;
    element('room-name').textContent = room;
    element('enter-problem').textContent = '';
    this.#show(true);
    this.#enter({ name, key: this.#key, room });
  }

  #showForm() {
    this.#leave();
    this.#room = undefined;
    document.title = 'Rooms';
    this.#show(false);
  }

  #show(isIn) {
    element('entrance').hidden = isIn;
    for (const part of ['connection', 'place', 'people', 'room-main']) element(part).hidden = !isIn;
  }
}
