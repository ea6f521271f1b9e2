/** Shows who is online. */

const HUES = 7;
const segmenter = new Intl.Segmenter();

export class People {
  #list = document.querySelector('#users');
  #count = document.querySelector('#people-count');
  #more = document.querySelector('#more');
  #nobody = document.querySelector('#nobody');
  #revision = -1;

  /** Ignores a delayed list that is older than the one shown. Connections with the same name are one entry. */
  show({ Users, More, Revision = this.#revision }, self) {
    if (Revision < this.#revision) return;
    this.#revision = Revision;
    const connections = new Map();
    for (const { User } of Users) connections.set(User, (connections.get(User) ?? 0) + 1);
    this.#list.replaceChildren(
      ...[...connections].map(([name, count]) => userElement(name, count, name === self)),
    );
    this.#count.textContent = String(connections.size + More);
    this.#nobody.hidden = Users.length > 0;
    this.#more.hidden = More === 0;
    this.#more.textContent = `and ${More} more`;
  }

  /** Called for a new connection, whose server may count revisions from the start. */
  forget() {
    this.#revision = -1;
  }
}

/** A round badge with the first letter of a name, in one of a few colours. */
export function badge(name) {
  const element = document.createElement('span');
  element.className = 'badge';
  element.setAttribute('aria-hidden', 'true');
  const [first] = segmenter.segment(name.trim());
  element.textContent = (first?.segment ?? '?').toLocaleUpperCase();
  element.dataset.hue = hueOf(name);
  return element;
}

/** The number of a name's colour. */
export function hueOf(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 10_007;
  return String(hash % HUES);
}

function userElement(name, count, isOwn) {
  const element = document.createElement('li');
  const label = document.createElement('span');
  label.dir = 'auto';
  label.textContent = name;
  element.append(badge(name), label);
  const notes = [isOwn && 'you', count > 1 && `${count} connections`].filter(Boolean);
  if (notes.length > 0) {
    const note = document.createElement('small');
    note.className = 'you';
    note.textContent = `(${notes.join(', ')})`;
    element.append(note);
  }
  return element;
}
