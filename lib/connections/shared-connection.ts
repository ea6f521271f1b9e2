/** A WebSocket that any process can open by its id: OpenServer, Read, Write and EndServer of %CSP.WebSocket. */
import { defaultBackend } from '../backend';
import { MAX_MESSAGE_BYTES } from '../delivery/delivery';
import {
  InvalidUseError,
  MessageTooLargeError,
  PostFailedError,
  WebSocketClosedError,
  WebSocketOpeningError,
} from '../errors';
import { Inbox } from '../inbox/inbox';
import { MessageReader, type ReadOptions } from '../inbox/message-reader';
import { bytesOf, messagesOf, type WaitOptions } from '../inbox/whole-messages';
import type { ConnectionStatus } from '../management-api/connections-client';
import { toDataUrl } from '../messages/binary-data';
import { messageText } from '../messages/message-text';
import { Service } from '../service';
import type { ServiceOptions } from '../service-context';
import type { Value } from '../table/item';
import type { Connection, Member } from './connection-items';
import { openMember } from './open-member';
import { isOpening } from './opening-window';

export class SharedConnection {
  readonly webSocketId: string;
  /** Sends text as bytes, too: in UTF-8, as a data URL. */
  binaryData = false;
  /** Created by the first read, because most objects only write. */
  #reader: MessageReader | undefined;

  /** For code that already has the member. Other code calls `open`. */
  constructor(
    private readonly service: Service,
    private readonly member: Member,
    private readonly messagesTo: Connection['messagesTo'] = 'inbox',
  ) {
    this.webSocketId = member.webSocketId;
  }

  /**
   * Opens a WebSocket from any process that may read the connection table. Reads one item.
   * In a Lambda function, pass `deadline: Date.now() + context.getRemainingTimeInMillis() - 2_000`, so that a read
   * ends in time.
   * @throws WebSocketClosedError if it has closed, WebSocketUnknownError if the table has no such id,
   * WebSocketDedicatedError if it belongs to its `server()`
   */
  static async open(webSocketId: string, options: ServiceOptions = {}): Promise<SharedConnection> {
    const { member, messagesTo } = await openMember(webSocketId, options.backend ?? defaultBackend());
    return new SharedConnection(new Service(member.service, options), member, messagesTo);
  }

  /** The connection's user, if known. */
  get user(): string | undefined {
    return this.member.user;
  }

  /** What others may know about the user. */
  get info(): Value | undefined {
    return this.member.info;
  }

  /** Whether the last read reached the end of its message. If not, the next read continues it. */
  get atEnd(): boolean {
    return this.#reader?.atEnd ?? true;
  }

  /**
   * Takes the next message, or its next piece. Each message goes to one reader. A reader that crashes after it took a
   * message loses it, as in IRIS. With `timeoutSeconds: 0`, it does not wait, but asks API Gateway whether the client
   * is still connected.
   * @throws WebSocketTimeoutError if no message arrived in time; the socket is still open
   * @throws WebSocketClosedError if the socket has closed and nothing is left to read; a waiting read learns this up
   * to 30 s late
   * @throws InvalidUseError if the messages go to the class's `onClientMessage`, InvalidValueError for an option out
   * of range
   */
  async read(options?: ReadOptions): Promise<string> {
    if (this.messagesTo === 'hook') {
      throw new InvalidUseError(
        `The messages of WebSocket ${this.webSocketId} cannot be read: they go to onClientMessage of its service ${this.service.name}. To read them, use a class without that hook.`,
      );
    }
    this.#reader ??= this.#makeReader();
    return this.#reader.read(options);
  }

  /** Takes a whole message as bytes: the bytes of a data URL, or of the text in UTF-8. @throws as `read` */
  readBytes(options: WaitOptions = {}): Promise<Buffer> {
    return bytesOf(this, options);
  }

  /** Iterates over whole messages until the socket closes. @throws as `read`, except `WebSocketClosedError` */
  messages(options: WaitOptions = {}): AsyncGenerator<string, void, undefined> {
    return messagesOf(this, options);
  }

  /**
   * Sends `data` as one text frame: text as it is, bytes as a data URL, and anything else as JSON. Throttled posts and
   * server errors are retried for up to 10 s.
   * @throws WebSocketClosedError if the client has disconnected; the connection is then cleaned up
   * @throws WebSocketOpeningError, MessageTooLargeError, PostFailedError, and InvalidValueError for what JSON cannot express
   */
  async write(data: unknown): Promise<void> {
    const report = await this.service.deliver(this.#encoded(data), { to: [this.member] });
    if (report.sent > 0) return;
    if (report.gone > 0) throw new WebSocketClosedError(this.webSocketId);
    if (report.pending > 0) throw new WebSocketOpeningError(this.webSocketId);
    throw new PostFailedError(this.webSocketId, Object.keys(report.reasons).join('; '));
  }

  /**
   * Subscribes the connection to a channel. `false` if it has closed, or another process unsubscribed it at the same
   * time. Two writes, two reads.
   * @throws InvalidValueError for an invalid name
   */
  subscribe(channel: string): Promise<boolean> {
    return this.service.subscribe(this.member, channel);
  }

  /**
   * Unsubscribes the connection from a channel. `false` if it was not subscribed. Three writes. @throws
   * InvalidValueError
   */
  unsubscribe(channel: string): Promise<boolean> {
    return this.service.unsubscribe(this.member, channel);
  }

  /** The names of its channels, in order. One query. */
  channels(): Promise<string[]> {
    return this.service.channels.channelsOf(this.webSocketId);
  }

  /** Closes the socket. The client sees code 1000. Does nothing if it has already closed. */
  async end(): Promise<void> {
    await this.service.backend.connections.delete(this.member);
  }

  /**
   * Asks API Gateway for the connection's times and the client's address.
   * @throws WebSocketClosedError if the client has disconnected; the connection is then cleaned up. @throws
   * WebSocketOpeningError
   */
  async status(): Promise<ConnectionStatus> {
    const { status, isOpening } = await this.#look();
    if (status) return status;
    if (isOpening) throw new WebSocketOpeningError(this.webSocketId);
    throw new WebSocketClosedError(this.webSocketId);
  }

  #encoded(data: unknown): string {
    const isBytes = data instanceof Uint8Array;
    if (!isBytes && !this.binaryData) return messageText(data);
    const bytes = Buffer.from(isBytes ? data : messageText(data));
    const text = toDataUrl(bytes);
    if (text.length > MAX_MESSAGE_BYTES) {
      throw new MessageTooLargeError(text.length, MAX_MESSAGE_BYTES, bytes.length);
    }
    return text;
  }

  #makeReader(): MessageReader {
    const { webSocketId, service } = this;
    const { table, clock, random, token } = service.backend;
    const inbox = new Inbox(webSocketId, table, clock);
    return new MessageReader(webSocketId, {
      ...{ inbox, clock, random, deadline: service.deadline, settle: 0 },
      startMilliseconds: service.backend.startMilliseconds,
      take: (message) => inbox.take(message, token()),
      closedAt: () => service.store.closedAt(webSocketId),
      hasGone: async () => {
        const { status, isOpening } = await this.#look();
        return !status && !isOpening;
      },
    });
  }

  /** Asks API Gateway. If the client has disconnected, requests a cleanup. */
  async #look(): Promise<{ status: ConnectionStatus | undefined; isOpening: boolean }> {
    const { connections, clock } = this.service.backend;
    const askedAt = clock.now();
    const status = await connections.get(this.member);
    const opening = isOpening(this.member.acceptedAt, askedAt);
    if (!status && !opening) await this.service.requestSettlement([this.member]);
    return { status, isOpening: opening };
  }
}
