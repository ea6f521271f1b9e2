/** Orders the requests of each connection, for clients that pipeline requests. */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Clients that pipeline more requests are disconnected, because each request stays in memory until its turn. */
const MOST_UNANSWERED = 1_000;

interface Line {
  unanswered: number;
  /** The response whose turn it is, or the last one. */
  current: ServerResponse;
}

export class Turns {
  readonly #lines = new WeakMap<Duplex, Line>();

  /**
   * Resolves when all earlier requests of the connection are answered: with false if the connection has ended by then.
   * Never resolves if the connection ends earlier.
   */
  async wait(socket: Duplex, response: ServerResponse): Promise<boolean> {
    const line = this.#lines.get(socket) ?? { unanswered: 0, current: response };
    this.#lines.set(socket, line);
    line.unanswered += 1;
    response.once('finish', () => {
      line.unanswered -= 1;
    });
    if (line.unanswered > MOST_UNANSWERED) socket.destroy();
    // Node.js assigns the connection to one response at a time.
    if (response.socket === null)
      await new Promise<void>((resolve) => response.once('socket', () => resolve()));
    line.current = response;
    return !socket.destroyed;
  }

  /** Whether the connection has pending responses. */
  hasToWait(socket: Duplex): boolean {
    return (this.#lines.get(socket)?.unanswered ?? 0) > 0;
  }

  /** Whether part of a response was sent, so that no other response can be written. */
  isInAnswer(socket: Duplex): boolean {
    const current = this.#lines.get(socket)?.current;
    return current?.headersSent === true && !current.writableFinished;
  }
}
