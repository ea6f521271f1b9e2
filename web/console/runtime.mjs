/** The runtime's endpoints: its stream of events, and requests. */

/** Reads `/@local/events` while the page is visible, because browsers allow few connections to one host. */
export class EventStream extends EventTarget {
  #source;

  constructor() {
    super();
    document.addEventListener('visibilitychange', () => this.#listen());
    addEventListener('pagehide', () => this.#close());
    addEventListener('pageshow', ({ persisted }) => persisted && this.#listen());
    this.#listen();
  }

  #listen() {
    this.#close();
    if (document.visibilityState === 'hidden') return;
    const source = new EventSource('/@local/events');
    this.#source = source;
    for (const name of ['hello', 'batch', 'second']) {
      source.addEventListener(name, ({ data }) => this.#tell(name, JSON.parse(data)));
    }
    source.addEventListener('open', () => this.#tell('state', 'live'));
    source.addEventListener('error', () => {
      this.#tell('state', 'waiting');
      // A response other than 200 is final for the browser.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#retry(source), 2_000);
    });
  }

  #retry(source) {
    if (this.#source === source) this.#listen();
  }

  #close() {
    this.#source?.close();
    this.#source = undefined;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Returns the JSON of a response. Throws an Error with the runtime's message if the response is not a success. */
export async function ask(method, path, body) {
  const response = await fetch(`/@local/${path}`, { method, body, cache: 'no-store' });
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(text.trim() || `The runtime answered ${response.status}.`);
  }
  if (!response.ok) throw new Error(answer.error ?? `The runtime answered ${response.status}.`);
  return answer;
}

/**
 * Polls, with a pause that grows with the response time. Stops while the page is hidden. Returns a function that
 * polls at once.
 */
export function poll(milliseconds, work) {
  let timer;
  let running = false;
  const again = async () => {
    clearTimeout(timer);
    if (running) return;
    running = true;
    const begun = performance.now();
    try {
      if (document.visibilityState !== 'hidden') await work();
    } finally {
      running = false;
      timer = setTimeout(again, Math.max(milliseconds, 5 * (performance.now() - begun)));
    }
  };
  document.addEventListener('visibilitychange', again);
  void again();
  return again;
}
