/** The order of the requests on each connection, for clients that do not wait for an answer before they send the next. */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A client that sends more is cut off: each of them is kept until its turn. */
const MOST_UNANSWERED = 1_000;

interface Line {
  unanswered: number;
  /** The answer whose turn it is, or was last. */
  current: ServerResponse;
}

export class Turns {
  readonly #lines = new WeakMap<Duplex, Line>();

  /**
   * Resolves when everything before it on its connection is answered: false if the connection has ended by then. If it ends
   * before, it never resolves: Node.js would not tell a handler that nobody waits for its answer.
   */
  async wait(socket: Duplex, response: ServerResponse): Promise<boolean> {
    const line = this.#lines.get(socket) ?? { unanswered: 0, current: response };
    this.#lines.set(socket, line);
    line.unanswered += 1;
    response.once('finish', () => {
      line.unanswered -= 1;
    });
    if (line.unanswered > MOST_UNANSWERED) socket.destroy();
    // Node.js gives the connection to one answer after the other.
    if (response.socket === null)
      await new Promise<void>((resolve) => response.once('socket', () => resolve()));
    line.current = response;
    return !socket.destroyed;
  }

  /** Whether answers are still to come on this connection. */
  hasToWait(socket: Duplex): boolean {
    return (this.#lines.get(socket)?.unanswered ?? 0) > 0;
  }

  /** Whether a part of an answer is out, so that no other may be written. */
  isInAnswer(socket: Duplex): boolean {
    const current = this.#lines.get(socket)?.current;
    return current?.headersSent === true && !current.writableFinished;
  }
}
