/** Who is online, on the page. */

const HUES = 7;
const segmenter = new Intl.Segmenter();

export class People {
  #list = document.querySelector('#users');
  #count = document.querySelector('#people-count');
  #more = document.querySelector('#more');
  #nobody = document.querySelector('#nobody');
  #revision = -1;

  /** A list that was delayed on its way, and is older than the one shown, is left out. */
  show({ Users, More, Revision = this.#revision }, self) {
    if (Revision < this.#revision) return;
    this.#revision = Revision;
    let ownIsMarked = false;
    this.#list.replaceChildren(
      ...Users.map(({ User }) => {
        const isOwn = !ownIsMarked && User === self;
        ownIsMarked ||= isOwn;
        return userElement(User, isOwn);
      }),
    );
    this.#count.textContent = String(Users.length + More);
    this.#nobody.hidden = Users.length > 0;
    this.#more.hidden = More === 0;
    this.#more.textContent = `and ${More} more`;
  }

  /** Another server counts anew. */
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
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 10_007;
  element.dataset.hue = String(hash % HUES);
  return element;
}

function userElement(name, isOwn) {
  const element = document.createElement('li');
  const label = document.createElement('span');
  label.dir = 'auto';
  label.textContent = name;
  element.append(badge(name), label);
  if (isOwn) {
    const you = document.createElement('small');
    you.className = 'you';
    you.textContent = '(you)';
    element.append(you);
  }
  return element;
}
