/** The order of requests on each connection, for clients that send the next one before they get a response. */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A client that sends more is disconnected, because each request is kept until its turn. */
const MOST_UNANSWERED = 1_000;

interface Line {
  unanswered: number;
  /** The response whose turn it is, or was last. */
  current: ServerResponse;
}

export class Turns {
  readonly #lines = new WeakMap<Duplex, Line>();

  /**
   * Resolves when everything before it on its connection is answered: with false if the connection has ended by then.
   * If the connection ends earlier, it never resolves.
   */
  async wait(socket: Duplex, response: ServerResponse): Promise<boolean> {
    const line = this.#lines.get(socket) ?? { unanswered: 0, current: response };
    this.#lines.set(socket, line);
    line.unanswered += 1;
    response.once('finish', () => {
      line.unanswered -= 1;
    });
    if (line.unanswered > MOST_UNANSWERED) socket.destroy();
    // Node.js assigns the connection to one response after the other.
    if (response.socket === null)
      await new Promise<void>((resolve) => response.once('socket', () => resolve()));
    line.current = response;
    return !socket.destroyed;
  }

  /** Whether there are pending responses on this connection. */
  hasToWait(socket: Duplex): boolean {
    return (this.#lines.get(socket)?.unanswered ?? 0) > 0;
  }

  /** Whether part of a response was sent, so that no other can be written. */
  isInAnswer(socket: Duplex): boolean {
    const current = this.#lines.get(socket)?.current;
    return current?.headersSent === true && !current.writableFinished;
  }
}
