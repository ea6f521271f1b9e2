/** A client that writes raw bytes, for frames and handshakes that no library would send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

export interface Frame {
  opcode: number;
  payload: Buffer;
}

export class RawClient {
  readonly socket: Socket;
  /** Resolves when the gateway has ended its side. */
  readonly ended: Promise<unknown>;
  #received = Buffer.alloc(0);
  #onData: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#onData?.();
    });
    this.ended = once(socket, 'close');
  }

  /** `stays`: keeps its half of the TCP connection open after the gateway has ended its own. */
  static async connect(port: number, { stays = false } = {}): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: stays });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Sends the lines as an HTTP head. */
  request(...lines: string[]): void {
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  }

  handshake(path = '/chat', ...headers: string[]): void {
    this.request(
      `GET ${path} HTTP/1.1`,
      'Host: localhost',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${KEY}`,
      'Sec-WebSocket-Version: 13',
      ...headers,
    );
  }

  /** The head of an HTTP response. */
  async head(): Promise<string> {
    await this.#until(() => this.#received.includes('\r\n\r\n'));
    const end = this.#received.indexOf('\r\n\r\n');
    const head = this.#received.subarray(0, end).toString();
    this.#received = this.#received.subarray(end + 4);
    return head;
  }

  async open(path?: string): Promise<void> {
    this.handshake(path);
    const head = await this.head();
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(head);
  }

  /** The gateway's next frame, if it is short. */
  async frame(): Promise<Frame> {
    await this.#until(
      () => this.#received.length >= 2 && this.#received.length >= 2 + (this.#received[1] ?? 0),
    );
    const length = this.#received[1] ?? 0;
    const frame = {
      opcode: (this.#received[0] ?? 0) & 0x0f,
      payload: this.#received.subarray(2, 2 + length),
    };
    this.#received = this.#received.subarray(2 + length);
    return frame;
  }

  /** The code of the gateway's close frame, which must be next. */
  async closeCode(): Promise<number> {
    const { opcode, payload } = await this.frame();
    return opcode === 8 ? payload.readUInt16BE(0) : -opcode;
  }

  /** What has arrived and was not read by `head` or `frame`. */
  get rest(): Buffer {
    return this.#received;
  }

  terminate(): void {
    this.socket.destroy();
  }

  async #until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      await new Promise<void>((resolve, reject) => {
        this.#onData = resolve;
        this.ended.then(
          () => reject(new Error(`The gateway ended the connection after ${this.#received.length} bytes.`)),
          reject,
        );
      });
    }
  }
}

/** A client's frame: masked, final, with any first byte and any announced length. */
export function clientFrame(
  payload: string | Buffer,
  { opcode = 1, final = true, rsv = 0, masked = true, announcedLength = Buffer.byteLength(payload) } = {},
): Buffer {
  const first = (final ? 0x80 : 0) | rsv | opcode;
  const maskBit = masked ? 0x80 : 0;
  const header =
    announcedLength < 126
      ? Buffer.from([first, maskBit | announcedLength])
      : announcedLength < 65536
        ? Buffer.from([first, maskBit | 126, announcedLength >> 8, announcedLength & 0xff])
        : Buffer.alloc(10);
  if (header.length === 10) {
    header.set([first, maskBit | 127]);
    header.writeBigUInt64BE(BigInt(announcedLength), 2);
  }
  const mask = masked ? Buffer.from([1, 2, 3, 4]) : Buffer.alloc(0);
  const data = Buffer.from(payload);
  if (masked) for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) ^ (mask[i % 4] ?? 0);
  return Buffer.concat([header, mask, data]);
}
