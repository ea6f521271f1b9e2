/**
 * The status line: the state of the client's connection. The countdown is hidden from screen readers, which would
 * read it aloud each second.
 */

const element = (id) => document.getElementById(id);

export class ConnectionStatus {
  #client;
  #timer;

  constructor() {
    addEventListener('offline', () => {
      if (this.#client && this.#client.state !== 'connected') this.#show('waiting', 'You are offline');
    });
    element('reconnect').addEventListener('click', () => this.#client?.hurry());
  }

  /** Shows this client's state from now on. */
  follow(client) {
    this.#client = client;
    client.on('connecting', ({ code }) => this.#connecting(code));
    client.on('connected', () => this.#show('connected', 'Connected'));
    client.on('disconnected', ({ code, reason }) => {
      // 0 means that the page itself has disconnected.
      if (code !== 0) this.#show('disconnected', `Disconnected: ${reason}`);
    });
    client.onPause = (milliseconds) => this.#wait(milliseconds);
  }

  /** @param code 0 for a first attempt */
  #connecting(code) {
    this.#show('connecting', code === 0 ? 'Connecting…' : 'Reconnecting…');
  }

  #wait(milliseconds) {
    if (!navigator.onLine) return this.#show('waiting', 'You are offline');
    this.#show('waiting', 'Reconnecting');
    this.#countDown(Date.now() + milliseconds);
  }

  #countDown(until) {
    const seconds = Math.ceil((until - Date.now()) / 1_000);
    if (seconds <= 0) return this.#show('connecting', 'Reconnecting…');
    element('countdown').textContent = `in ${seconds} s`;
    this.#timer = setTimeout(() => this.#countDown(until), until - Date.now() - (seconds - 1) * 1_000);
  }

  #show(state, text) {
    clearTimeout(this.#timer);
    element('countdown').textContent = '';
    element('status').dataset.state = state;
    // Screen readers would read the same text again.
    if (element('status-text').textContent !== text) element('status-text').textContent = text;
    element('reconnect').hidden = state !== 'waiting' && state !== 'disconnected';
  }
}
