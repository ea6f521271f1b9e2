/** Who is in a room. A person with several windows counts once. */
import { readPerson } from './lines.mjs';

/** More are not shown. */
const MAX_CLIENTS = 1_000;

export class Presence {
  #clients = new Map();

  /** Each person once, with the name from their newest window. */
  get people() {
    const people = new Map();
    for (const { user, name } of this.#clients.values()) {
      people.set(user, { user, name, windows: (people.get(user)?.windows ?? 0) + 1 });
    }
    return people;
  }

  join(info) {
    if (this.#clients.size < MAX_CLIENTS) this.#clients.set(String(info.client), readPerson(info));
  }

  leave({ client }) {
    this.#clients.delete(String(client));
  }

  replace(infos) {
    this.#clients.clear();
    for (const info of infos) this.join(info);
  }
}
