/** The list of received notifications, newest first. A notification that arrives twice is shown once. */
import { fullTime, showTime } from './times.mjs';

/** More rows would make the page slow. */
const MAX_SHOWN = 200;

const element = (id) => document.getElementById(id);

export class NotificationList {
  #list = element('notifications');
  /** The notifications that are shown, by id. */
  #shown = new Map();
  #received = 0;
  /** The text of the latest notification. */
  #words;

  add(notification) {
    const known = this.#shown.get(notification.Id);
    if (known) return known.repeat();
    this.#received += 1;
    // The text is usually the same for every file, so a row shows it only if it differs.
    const shown = new ShownNotification(notification, notification.Message !== this.#words);
    this.#words = notification.Message;
    this.#list.prepend(shown.item);
    this.#shown.set(notification.Id ?? shown, shown);
    if (this.#shown.size > MAX_SHOWN) {
      const [[oldest, { item }]] = this.#shown;
      item.remove();
      this.#shown.delete(oldest);
    }
    this.#summarize();
  }

  /** Adds a notification that was missed while the page was away, unless it is already shown. */
  catchUp(notification) {
    if (!this.#shown.has(notification.Id)) this.add(notification);
  }

  clear() {
    this.#list.replaceChildren();
    this.#shown.clear();
    this.#received = 0;
    this.#words = undefined;
    this.#summarize();
  }

  #summarize() {
    element('empty').hidden = this.#received > 0;
    element('summary').hidden = this.#received === 0;
    const shown = this.#received > MAX_SHOWN ? `, the last ${MAX_SHOWN} shown` : '';
    element('received').textContent = `${this.#received.toLocaleString()} received${shown}`;
  }
}

class ShownNotification {
  item = document.createElement('li');
  #details = document.createElement('p');
  #times = 1;
  #repeated;

  constructor({ Topic, Message, Event, Source, Size, ControlId, Sent }, hasWords) {
    const time = document.createElement('time');
    const sent = new Date(Sent);
    showTime(time, new Date());
    if (!Number.isNaN(sent.getTime())) time.title += `\nSent ${fullTime(sent)}`;
    const topic = textElement('span', 'topic', Topic);
    topic.dataset.topic = Topic;
    topic.title = Topic;
    this.item.className = 'notification';
    this.#details.className = 'details';
    const [title = Message, ...facts] = [
      [Event, ControlId].filter(Boolean).join(' · '),
      ...[Source, Number.isFinite(Size) && sizeText(Size)],
    ].filter(Boolean);
    if (hasWords && title !== Message) facts.push(Message);
    this.#details.append(...facts.map((text) => textElement('span', '', text)));
    this.item.append(topic, textElement('span', 'title', title), time, this.#details);
  }

  /** The same notification has arrived again. */
  repeat() {
    this.#times += 1;
    if (!this.#repeated) {
      this.#repeated = textElement('span', 'repeated', '');
      this.#details.append(this.#repeated);
    }
    this.#repeated.textContent = `received ${this.#times} times`;
  }
}

function textElement(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = String(text ?? '');
  return made;
}

function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB'];
  let size = bytes / 1024;
  while (size >= 1024 && units.length > 1) {
    size /= 1024;
    units.shift();
  }
  return `${size.toFixed(size < 10 ? 1 : 0)} ${units[0]}`;
}
