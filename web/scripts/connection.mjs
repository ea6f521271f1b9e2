/** A WebSocket that reconnects by itself: with growing, jittered pauses, and immediately when the network returns. */

const FIRST_PAUSE_MILLISECONDS = 500;
const LONGEST_PAUSE_MILLISECONDS = 30_000;
/** API Gateway closes connections that are idle for ten minutes. */
const PING_AFTER_MILLISECONDS = 9 * 60_000;
const PING_CHECK_MILLISECONDS = 30_000;
/** If a server closes connections on purpose twice within this time, the page stops reconnecting. */
const UNWANTED_MILLISECONDS = 60_000;

/**
 * Events: `state` with `{state: 'connecting' | 'connected' | 'waiting' | 'disconnected', reason, seconds}`, and `frame` with a text.
 */
export class Connection extends EventTarget {
  #url;
  #socket;
  #failures = 0;
  #timer;
  #lastTraffic = 0;
  #comesBack;
  #closedOnPurposeAt = Number.NEGATIVE_INFINITY;

  /**
   * `comesBack`: reconnect even if the server closed the connection on purpose. Servers do so when a connection may
   * have missed something.
   */
  constructor(url, { comesBack = false } = {}) {
    super();
    this.#url = url;
    this.#comesBack = comesBack;
    addEventListener('online', () => this.#hurry());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#hurry();
    });
    setInterval(() => this.#keepAlive(), PING_CHECK_MILLISECONDS);
  }

  /** The URL of the next connection. */
  set url(url) {
    this.#url = url;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#tell('connecting');
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#failures = 0;
      this.#lastTraffic = Date.now();
      this.#tell('connected');
    });
    socket.addEventListener('message', ({ data }) => {
      this.#lastTraffic = Date.now();
      this.dispatchEvent(new CustomEvent('frame', { detail: data }));
    });
    socket.addEventListener('close', (event) => {
      if (socket === this.#socket) this.#closed(event);
    });
  }

  /** Returns `false` if the text could not be sent now. */
  send(text) {
    if (!this.isOpen) return false;
    this.#socket.send(text);
    this.#lastTraffic = Date.now();
    return true;
  }

  #closed({ code, reason }) {
    if (code === 1000 && this.#isUnwanted()) {
      return this.#tell('disconnected', reason || 'The server closed the connection');
    }
    const ceiling = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** this.#failures++, LONGEST_PAUSE_MILLISECONDS);
    const pause = ceiling * (0.5 + Math.random() / 2);
    this.#countDown(Date.now() + pause, whatHappened(code, reason));
  }

  /** Whether the server would close the next connection on purpose, too. */
  #isUnwanted() {
    const before = this.#closedOnPurposeAt;
    this.#closedOnPurposeAt = Date.now();
    return !this.#comesBack || Date.now() - before < UNWANTED_MILLISECONDS;
  }

  #countDown(until, reason) {
    const left = until - Date.now();
    if (left <= 0) return this.connect();
    const seconds = Math.ceil(left / 1000);
    this.#tell('waiting', reason, seconds);
    this.#timer = setTimeout(() => this.#countDown(until, reason), left - (seconds - 1) * 1000);
  }

  #hurry() {
    if (this.#timer !== undefined) this.connect();
  }

  #keepAlive() {
    if (this.isOpen && Date.now() - this.#lastTraffic >= PING_AFTER_MILLISECONDS) {
      this.send('{"Ping":1}');
    }
  }

  #tell(state, reason, seconds) {
    this.dispatchEvent(new CustomEvent('state', { detail: { state, reason, seconds } }));
  }
}

function whatHappened(code, reason) {
  if (!navigator.onLine) return 'You are offline';
  if (code === 1001) return 'The server went away';
  if (code === 1009) return 'A message was too large';
  if (code === 1006) return 'The connection was lost';
  return reason || `The connection closed (${code})`;
}
