/**
 * A connection that sends prepared requests, one after the other. It does so little work that the result is the
 * server's time, not the client's.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';

export interface RawAnswer {
  status: number;
  body: string;
}

export class RawConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #done: ((answer: RawAnswer) => void) | undefined;

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#onData(bytes));
  }

  /** Sends one request, and waits for the response. */
  send(request: Buffer): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error('The server closed the connection.'));
      if (this.#socket.destroyed) return fail();
      this.#socket.once('close', fail);
      this.#done = (answer) => {
        this.#socket.off('close', fail);
        resolve(answer);
      };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    const head = this.#received.indexOf(END_OF_HEAD);
    if (head < 0) return;
    const [, length = '0'] =
      /\ncontent-length: (\d+)/i.exec(this.#received.toString('latin1', 0, head)) ?? [];
    const start = head + END_OF_HEAD.length;
    if (this.#received.length < start + Number(length)) return;
    const answer = {
      status: Number(this.#received.toString('latin1', 9, 12)),
      body: this.#received.toString('utf8', start),
    };
    this.#received = Buffer.alloc(0);
    this.#done?.(answer);
  }
}
