/** The chat of InterSystems' tutorial: everyone gets every line, and the list of who is online. */
import { type Line, WebSocketServer } from '../../lib';
import { ifConnected } from '../../lib/connections/if-connected';
import { ErrorLog } from '../../lib/telemetry/error-log';
import { ChatProtocolError, parseClientMessage, type ServerMessage, sentAt, toBase64 } from './messages';
import { nickname } from './nickname';
import { CHANNELS, ChatRoom, encode, encodeLines, LINES } from './room';
import { UserList } from './user-list';

/** The author of a line whose sender has not chosen an alias. */
const UNNAMED = 'unknown';

export class ChatServer extends WebSocketServer {
  /** A page that reconnects sends three requests, and at most 20 waiting lines at once. */
  static override readonly limits = { messagesPerSecond: 5, burst: 40 };
  static override readonly channels = CHANNELS;
  readonly #room = new ChatRoom(this.service);
  readonly #users = new UserList(this.service);

  static override encodeLines(channel: string, lines: Line[]): string[] {
    return encodeLines(channel, lines);
  }

  /** Everyone joins the channel of lines. Clients request earlier lines themselves. */
  override async onPreServer(): Promise<void> {
    await this.subscribe(LINES);
  }

  override async server(): Promise<void> {
    await this.#tell({
      Type: 'Status',
      Message: toBase64('You are connected. Choose a name with: alias NAME'),
      WSID: this.webSocketId,
    });
    await this.#users.tell((frame) => this.#send(frame));
  }

  override async onClientMessage(data: string): Promise<void> {
    try {
      await this.#obey(data);
    } catch (error) {
      if (!(error instanceof ChatProtocolError)) throw error;
      await this.#recordRefusal();
      await this.#tell({ Type: 'Error', Message: error.message });
    }
  }

  override async onMessagesRefused(refused: number): Promise<void> {
    const { messagesPerSecond } = ChatServer.limits;
    await this.#tell({
      Type: 'Error',
      Message: `You may send ${messagesPerSecond} messages a second. Refused: ${refused}. Wait a moment, then send them again.`,
    });
  }

  override async onPostServer(): Promise<void> {
    if (this.user !== undefined) await this.#users.changed();
  }

  async #obey(data: string): Promise<void> {
    const message = parseClientMessage(data);
    switch (message.kind) {
      case 'alias':
        if (await this.identify({ user: await nickname(message.user) })) await this.#users.changed();
        return;
      case 'line':
        await this.#room.say(await this.#alias(), message.message);
        return;
      case 'history':
        return this.#send(await this.#room.history(message.count, message.after));
      case 'ping':
        return;
    }
  }

  /** The connection's alias in the list, whatever author the client's message names. */
  async #alias(): Promise<string> {
    // An environment that knew the connection before it had an alias may not have seen the alias yet.
    return this.user ?? (await this.service.store.member(this.context.member))?.user ?? UNNAMED;
  }

  /** Never contains the client's text. */
  async #recordRefusal(): Promise<void> {
    const { name, backend } = this.service;
    await new ErrorLog(backend, name).record({
      error: 'A message was refused',
      details: { webSocketId: this.webSocketId },
      at: sentAt(backend.clock.now()),
    });
  }

  #tell(message: ServerMessage): Promise<void> {
    return this.#send(encode(message));
  }

  #send(frame: string): Promise<void> {
    return ifConnected(this.write(frame));
  }
}
