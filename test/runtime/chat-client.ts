/** A chat client over a real WebSocket that keeps what it receives, and can wait for more. */
import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface Frame {
  Type: string;
  [key: string]: unknown;
}

export class ChatClient {
  readonly frames: Frame[] = [];
  readonly #socket: WebSocket;
  #heard: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      this.frames.push(parse(String(data)));
      this.#heard();
    });
  }

  static async connect(url: string, options: { headers?: Record<string, string> } = {}): Promise<ChatClient> {
    const socket = new WebSocket(url, options);
    const client = new ChatClient(socket);
    await once(socket, 'open');
    return client;
  }

  /** From the Status that a new client receives. */
  async id(): Promise<string> {
    return (await this.hears('Status')).WSID as string;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The names on the last list. */
  get users(): string[] | undefined {
    return (this.#list?.Users as { User: string }[] | undefined)?.map(({ User }) => User);
  }

  /** The revision of the last list. */
  get revision(): unknown {
    return this.#list?.Revision;
  }

  get #list(): Frame | undefined {
    return this.frames.filter(({ Type }) => Type === 'userlist').at(-1);
  }

  /** The first frame of this type, as soon as it has arrived. */
  async hears(type: string, isMeant: (frame: Frame) => boolean = () => true): Promise<Frame> {
    await this.until(() => this.frames.some((frame) => frame.Type === type && isMeant(frame)));
    return this.frames.find((frame) => frame.Type === type && isMeant(frame)) as Frame;
  }

  /** Waits until the received frames meet the condition, or until the test's timeout. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  async close(code?: number): Promise<void> {
    const closed = this.closed();
    this.#socket.close(code);
    await closed;
  }

  async closed(): Promise<{ code: number; reason: string }> {
    const [code, reason] = await once(this.#socket, 'close');
    return { code, reason: String(reason) };
  }
}

/**
 * ministack, an emulator that the app is deployed to, sends the error of a failed function to its client as plain
 * text.
 */
function parse(text: string): Frame {
  return text.startsWith('{') ? JSON.parse(text) : { Type: 'text', text };
}
