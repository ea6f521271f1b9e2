/**
 * The room that the page is in: its lines, the people in it, and the lines that were missed while the connection was
 * lost.
 */
import { Presence } from './presence.mjs';
import { LOG_SIZE, RoomLog } from './room-log.mjs';
import { channelOf } from './room-names.mjs';

const RETRY_MILLISECONDS = 2_000;
/** After this time, the notice about missed lines is no longer useful. */
const CATCH_UP_MILLISECONDS = 10_000;
/**
 * How often the page requests the presence list, to correct it if a join or leave was lost. This also keeps an idle
 * connection open.
 */
const LOOK_MILLISECONDS = 9 * 60_000;
/** Two clients that join within this time may not be notified of each other. */
const SETTLED_MILLISECONDS = 5_000;

/** Events: `change`, and `notice` with a text. */
export class Room extends EventTarget {
  name;
  presence = new Presence();
  #client;
  #subscription;
  #log = new RoomLog();
  /** The log while it is being loaded. Until it is complete, the page shows the previous one. */
  #loading;
  #isLoaded = false;
  #timer;
  #settling;
  #retry;

  constructor(client, name) {
    super();
    this.name = name;
    this.#client = client;
    const subscription = client.newSubscription(channelOf(name), { recoverable: true, joinLeave: true });
    this.#subscription = subscription;
    subscription.on('subscribed', (context) => this.#subscribed(context));
    subscription.on('publication', (publication) => this.#received(publication));
    subscription.on('join', ({ info }) => this.#change(() => this.presence.join(info)));
    subscription.on('leave', ({ info }) => this.#change(() => this.presence.leave(info)));
    subscription.on('unsubscribed', ({ reason }) =>
      this.#notice(`You are no longer in this room: ${reason}`),
    );
    this.#timer = setInterval(() => this.#look(), LOOK_MILLISECONDS);
    subscription.subscribe();
  }

  get lines() {
    return this.#log.lines;
  }

  /** Whether the page has loaded the lines from before it entered. */
  get isLoaded() {
    return this.#isLoaded;
  }

  /** Resolves when the server has stored the data. @throws the error of the server or the client */
  async publish(data) {
    await this.#subscription.publish(data);
  }

  leave() {
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
    clearTimeout(this.#retry);
    this.#isLoaded = false;
    this.#loading = undefined;
    this.#subscription.removeAllListeners();
    this.#client.removeSubscription(this.#subscription);
  }

  #subscribed({ wasRecovering, recovered }) {
    void this.#look();
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#look(), SETTLED_MILLISECONDS);
    if (this.#isLoaded && wasRecovering && recovered) return this.#catchUp(this.#log.last);
    if (this.#isLoaded) this.#notice('Could not catch up: reloading the room');
    void this.#load();
  }

  #received(publication) {
    (this.#loading ?? this.#log).add(publication);
    if (!this.#loading) this.#tell();
  }

  /** Loads the earlier lines. Lines that arrive in the meantime are sorted in by offset. */
  async #load() {
    clearTimeout(this.#retry);
    const log = new RoomLog();
    this.#loading = log;
    try {
      await this.#readHistory(log);
    } catch {
      // After a lost connection, the client subscribes again by itself.
      if (this.#loading === log) this.#retry = setTimeout(() => this.#load(), RETRY_MILLISECONDS);
      return;
    }
    if (this.#loading !== log) return;
    if (this.#isLoaded) this.#notice('The room was reloaded');
    this.#log = log;
    this.#loading = undefined;
    this.#isLoaded = true;
    this.#tell();
  }

  /** An answer has at most 32 KB, so there may be several. */
  async #readHistory(log) {
    let since;
    do {
      const { publications, epoch, offset } = await this.#subscription.history({ limit: LOG_SIZE, since });
      for (const publication of publications) log.add(publication);
      log.reach(offset);
      const last = publications.at(-1)?.offset;
      since = last === undefined || last >= offset ? undefined : { epoch, offset: last };
    } while (since && this.#loading === log);
  }

  /** Shows how many missed lines have arrived. */
  async #catchUp(after) {
    try {
      const { offset } = await this.#subscription.history({ limit: 0 });
      await this.#has(offset);
      const missed = this.#log.countBetween(after, offset);
      this.#notice(missed === 1 ? 'Caught up on 1 line' : `Caught up on ${missed} lines`);
    } catch {
      // The connection was lost again, and the next one reports it.
    }
  }

  #has(offset) {
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(CATCH_UP_MILLISECONDS)]);
    return new Promise((resolve) => {
      const look = () => {
        if (this.#log.last < offset) return;
        ended.abort();
        resolve();
      };
      this.addEventListener('change', look, { signal });
      look();
    });
  }

  async #look() {
    try {
      const { clients } = await this.#subscription.presence();
      this.#change(() => this.presence.replace(Object.values(clients)));
    } catch {
      // Joins and leaves still arrive.
    }
  }

  #change(change) {
    change();
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event('change'));
  }

  #notice(text) {
    this.dispatchEvent(new CustomEvent('notice', { detail: text }));
  }
}
