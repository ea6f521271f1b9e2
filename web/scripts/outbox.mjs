/** Lines that have been typed and are not yet known to have been said: kept until the server sends them back. */

/** A line that was on its way when the connection broke may or may not have arrived: the history tells. */
export class Outbox {
  #lines = [];

  add(text, message) {
    const line = { text, message, state: 'unsent', element: undefined };
    this.#lines.push(line);
    return line;
  }

  /** Those that have to be sent now, oldest first. */
  get unsent() {
    return this.#lines.filter(({ state }) => state === 'unsent');
  }

  get isEmpty() {
    return this.#lines.length === 0;
  }

  /** Takes out the line that came back as this message, if it is one of ours. */
  confirm(message) {
    const index = this.#lines.findIndex((line) => line.state === 'sent' && line.message === message);
    return index < 0 ? undefined : this.#lines.splice(index, 1)[0];
  }

  /** The connection broke: what has not come back by then, and is not in the history either, is sent again. */
  doubt() {
    for (const line of this.#lines) if (line.state === 'sent') line.state = 'doubtful';
    return this.#lines;
  }

  /** Of the doubtful ones, takes out those that were said after all, and makes the others unsent again. */
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
