/**
 * The lines that the user has typed and the server has not confirmed yet. The server confirms a line by sending it
 * back.
 */

/** A line that was being sent when the connection broke is `doubtful`: only the history shows whether it arrived. */
export class Outbox {
  #lines = [];

  add(text, message) {
    const line = { text, message, state: 'unsent', element: undefined };
    this.#lines.push(line);
    return line;
  }

  /** The lines to send now, oldest first. */
  get unsent() {
    return this.#lines.filter(({ state }) => state === 'unsent');
  }

  get isEmpty() {
    return this.#lines.length === 0;
  }

  /** Removes the line that came back as this message, if it is ours. */
  confirm(message) {
    const index = this.#lines.findIndex((line) => line.state === 'sent' && line.message === message);
    return index < 0 ? undefined : this.#lines.splice(index, 1)[0];
  }

  /** The connection broke. Lines that do not come back, and are not in the history, are sent again. */
  doubt() {
    for (const line of this.#lines) if (line.state === 'sent') line.state = 'doubtful';
    return this.#lines;
  }

  /** Removes doubtful lines that did arrive, and makes the others unsent again. */
  settle(messages) {
    const said = [...messages];
    const confirmed = [];
    this.#lines = this.#lines.filter((line) => {
      if (line.state !== 'doubtful') return true;
      const index = said.indexOf(line.message);
      if (index >= 0) {
        said.splice(index, 1);
        confirmed.push(line);
        return false;
      }
      line.state = 'unsent';
      return true;
    });
    return confirmed;
  }
}
