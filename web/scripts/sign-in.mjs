/** The sign-in form, for servers that require it. It keeps its input until the server accepts it. */

/** A server that requires a sign-in sends nothing before it, so the form appears after this time. */
const SIGN_IN_AFTER_MILLISECONDS = 1_500;

const element = (id) => document.getElementById(id);

export class SignIn {
  #send;
  #connect;
  #state;
  #timer;
  /** Whether submitted credentials wait for the next connection. */
  #isWaiting = false;

  /**
   * `send` takes `{User, Password}` and returns whether it could be sent now. `connect` opens a new connection to
   * `url`.
   */
  constructor(url, { send, connect }) {
    this.#send = send;
    this.#connect = connect;
    this.#name(new URL(url));
    element('sign-in').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  get isOpen() {
    return !element('sign-in').hidden;
  }

  /** Handles the connection's `state` events. */
  follow({ state }) {
    this.#state = state;
    clearTimeout(this.#timer);
    if (state === 'connected') this.#connected();
    if (state === 'disconnected') this.#disconnected();
  }

  /** Called when the server has accepted the sign-in. */
  accept() {
    clearTimeout(this.#timer);
    if (!this.isOpen) return;
    this.#isWaiting = false;
    element('sign-in').hidden = true;
    element('sign-in-problem').textContent = '';
    element('password').value = '';
    element('status-text').textContent = 'Connected';
  }

  /** Adds to the errors since the last submission, so that a timeout does not hide a wrong password. */
  refuse(why) {
    const problem = element('sign-in-problem');
    problem.textContent = `${problem.textContent} ${why}`.trim();
  }

  /**
   * Names a foreign server in the title, and enables autocomplete only for the page's own server, so that a foreign
   * server never gets a password that was stored for this one.
   */
  #name({ protocol, host }) {
    if (host !== location.host) {
      element('sign-in-title').textContent = `Sign in to ${protocol}//${host}`;
      return;
    }
    element('sign-in').autocomplete = 'on';
    element('user').autocomplete = 'username';
    element('password').autocomplete = 'current-password';
  }

  #submit() {
    element('sign-in-problem').textContent = '';
    this.#isWaiting = !this.#sendTyped();
    if (this.#state === 'waiting' || this.#state === 'disconnected') this.#connect();
  }

  #sendTyped() {
    return this.#send({ User: element('user').value, Password: element('password').value });
  }

  #connected() {
    if (this.#isWaiting) this.#isWaiting = !this.#sendTyped();
    else if (this.isOpen) this.#ask();
    else this.#timer = setTimeout(() => this.#ask(), SIGN_IN_AFTER_MILLISECONDS);
  }

  #disconnected() {
    if (this.#isWaiting) this.#connect();
    else if (this.isOpen) element('status-text').textContent = 'Disconnected. Sign in to connect again';
  }

  #ask() {
    element('sign-in').hidden = false;
    element('status-text').textContent = 'Connected. Sign in to receive notifications';
  }
}
