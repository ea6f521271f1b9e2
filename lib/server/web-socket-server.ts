/** The class that a service extends, with the members of %CSP.WebSocket. Its hooks are in server-hooks.ts. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Published } from '../channels/channel';
import { allowsPresence } from '../channels/channel-rules';
import { assertClientChannel, forbidden } from '../channels/client-requests';
import type { SubscribeOptions } from '../channels/log/channel-log';
import { type Identity, validIdentity } from '../connections/identity';
import { SharedConnection } from '../connections/shared-connection';
import { InvalidUseError, TooManyChannelsError, WebSocketClosedError } from '../errors';
import type { ReadOptions } from '../inbox/message-reader';
import { bytesOf, messagesOf, type WaitOptions } from '../inbox/whole-messages';
import { limitsOf } from '../limits/connection-limits';
import { ClientError } from '../messages/client-error';
import type { PresentUser } from '../presence/presence-form';
import type { Service } from '../service';
import type { Value } from '../table/item';
import { HandshakeRefusal } from './handshake-refusal';
import { HandshakeRequest } from './handshake-request';
import { OwnChannels } from './own-channels';
import type { ServerContext } from './server-context';
import { overrides, ServerHooks } from './server-hooks';
import { Subprotocols } from './subprotocols';

/** Each event gets an object of its own: a field that one hook sets is not set in the next. Use `attributes` instead. */
export abstract class WebSocketServer<
  Messages extends StandardSchemaV1 | undefined = undefined,
> extends ServerHooks<Messages> {
  /** The id with which any process may later open this WebSocket. */
  readonly webSocketId: string;
  /**
   * The web session of the socket: the principal from an authorizer or the subject of a JWT, else a hash of the
   * session cookie if the service has one (`SESSION_COOKIE`), else empty. `service.session(sessionId)` has all of its
   * sockets.
   */
  readonly sessionId: string;
  /** Everyone who is connected to this service. */
  readonly service: Service;
  /**
   * Data stored with the connection, available in every hook. Changes in `onPreServer`, `server` and `onClientMessage` are saved when
   * the hook returns, and in `server` also with each `read`, but not if the hook throws.
   * If two hooks change the same one at the same time, the later one wins. Another environment that knew the
   * connection may miss the first change after the handshake for a minute. If that matters, call `refreshAttributes`.
   */
  readonly attributes: Record<string, Value>;
  /**
   * `false`, set in `onPreServer` or as a field, makes the socket dedicated: one invocation owns it, `server()` is
   * its read and write loop, and it closes when that returns. This is IRIS's default. Here, shared sockets are the
   * default, because they hold nothing.
   */
  sharedConnection = true;
  /** `true`, set as a field: text is sent as bytes, and `onClientMessage` gets the bytes of data URLs. */
  binaryData = false;
  /**
   * `true`, set in `onPreServer` or as a field: `onSessionEnd` runs at the end of the socket's session. No effect
   * without a session.
   */
  sessionEndOnClose = false;
  readonly #connection: SharedConnection;
  readonly #subprotocols: Subprotocols;
  #request: HandshakeRequest | undefined;
  readonly #channels: OwnChannels;

  constructor(context: ServerContext) {
    super(context);
    this.webSocketId = context.member.webSocketId;
    this.sessionId = context.sessionId;
    this.service = context.service;
    this.attributes = context.attributes;
    this.#subprotocols = new Subprotocols(context);
    this.#channels = new OwnChannels(context, limitsOf(new.target).channels);
    const toHook = overrides(new.target, 'onClientMessage');
    this.#connection = new SharedConnection(context.service, context.member, toHook ? 'hook' : 'inbox');
  }

  /** Whether the last `read` reached the end of its message. */
  get atEnd(): boolean {
    return (this.context.reader ?? this.#connection).atEnd;
  }

  /**
   * Saves changed attributes now, for example before an answer that depends on them.
   * @throws AttributesNotSavedError if other hooks kept changing them
   */
  async saveAttributes(): Promise<void> {
    await this.context.keeper?.save();
  }

  /** Reads the current attributes, and the current user. This hook's changes are kept. One table read. */
  async refreshAttributes(): Promise<void> {
    const identity = await this.context.keeper?.refresh();
    if (!identity) return;
    const { member } = this.context;
    delete member.user;
    delete member.info;
    Object.assign(member, identity);
  }

  /**
   * The request that opens the WebSocket: its query, headers, cookies and the client's address. Only in
   * `onPreServer`.
   * @throws InvalidUseError in another hook; store what it needs in `attributes`
   */
  get request(): HandshakeRequest {
    const { hook, event, authorizer } = this.context;
    if (hook !== 'onPreServer' || !event || !('headers' in event)) {
      throw new InvalidUseError(
        `this.request was read in ${hook} of WebSocket ${this.webSocketId}, but only the handshake has a request. Read it in onPreServer, and store what other hooks need in attributes.`,
      );
    }
    this.#request ??= new HandshakeRequest(event, authorizer);
    return this.#request;
  }

  /** The user of the connection: from `identify`, else from an authorizer; else `undefined`. */
  get user(): string | undefined {
    return this.context.member.user;
  }

  /** What others may know about the user, as `identify` stored it. */
  get info(): Value | undefined {
    return this.context.member.info;
  }

  /**
   * Stores the user of the connection. From now on, `user` and `info` are available in each hook, and in the lists of
   * those present. `false` if the connection has closed in the meantime, or a later message has identified it.
   *
   * Another environment that knew the connection may see the first change after the handshake a minute late.
   * @throws InvalidValueError for a user of more than 256 bytes, or an info of more than 512 bytes as JSON
   * @throws InvalidUseError in `onPostServer` and `onSessionEnd`
   */
  async identify(identity: Identity): Promise<boolean> {
    const { hook, member, event, requestTime, service } = this.context;
    const { user, info } = validIdentity(identity);
    if (hook === 'onPostServer' || hook === 'onSessionEnd') {
      throw new InvalidUseError(
        `identify() was called in ${hook} of WebSocket ${this.webSocketId}, which has closed. Call it in onPreServer, server or onClientMessage.`,
      );
    }
    if (hook !== 'onPreServer') {
      const at = hook === 'onClientMessage' ? requestTime : service.backend.clock.now();
      const requestId = event?.requestContext.requestId ?? hook;
      if (!(await service.identify(member, identity, { at, requestId }))) return false;
    }
    member.user = user;
    if (info === undefined) delete member.info;
    else member.info = info;
    return true;
  }

  /** The subprotocols that the client offers, in its order of preference. Only in `onPreServer`. */
  get subprotocols(): readonly string[] {
    return this.#subprotocols.offered;
  }

  /**
   * The chosen subprotocol: set it in `onPreServer`. A browser that offers some and gets none closes the socket.
   * @throws InvalidUseError for one that was not offered
   */
  get subprotocol(): string | undefined {
    return this.#subprotocols.chosen;
  }
  set subprotocol(subprotocol: string) {
    this.#subprotocols.chosen = subprotocol;
  }

  /**
   * Takes the client's next message, or the next piece of a long one. Only in `server()` of a class without
   * `onClientMessage`. For a dedicated socket, a message counts as read when the next one is requested; if the
   * invocation crashes before that, it is delivered again.
   * @throws as `SharedConnection.read`
   */
  async read(options?: ReadOptions): Promise<string> {
    this.#assertMayReachClient('read');
    if (this.context.hook === 'server') await this.saveAttributes();
    return (this.context.reader ?? this.#connection).read(options);
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
   * Sends `data` to the client as one text frame: text as it is, bytes as a data URL, and anything else as JSON.
   * @throws WebSocketClosedError if the client has disconnected, InvalidUseError in `onPreServer`, and as
   * `SharedConnection.write`
   */
  async write(data: unknown): Promise<void> {
    this.#assertMayReachClient('write');
    this.#connection.binaryData = this.binaryData;
    await this.#connection.write(data);
  }

  /**
   * Subscribes the connection to a channel, so that it gets what is published there. In `onPreServer`, this takes effect once the
   * connection is accepted, and always returns `true`. In a channel with a log, the client gets its position (`encodeJoined`) and, with
   * `since`, the lines that it has missed. After a subscription in `onPreServer`, it gets only new lines.
   * @throws TooManyChannelsError if it would be in more than `limits.channels`, InvalidValueError, InvalidUseError, and as `SharedConnection.subscribe`
   */
  subscribe(channel: string, options: SubscribeOptions = {}): Promise<boolean> {
    return this.#channels.subscribe(channel, options);
  }

  /** Unsubscribes the connection from a channel. @throws as `subscribe` */
  unsubscribe(channel: string): Promise<boolean> {
    return this.#channels.unsubscribe(channel);
  }

  /**
   * Subscribes the connection to a channel at its client's request, if `onSubscribe` allows it.
   * @throws ClientError if the client may not subscribe to it, for an invalid name, or for too many channels
   */
  async clientSubscribe(channel: string, options: SubscribeOptions = {}): Promise<void> {
    assertClientChannel(channel);
    if (!(await this.onSubscribe(channel))) throw forbidden('subscribe to', channel);
    try {
      if (await this.subscribe(channel, options)) return;
    } catch (error) {
      if (!(error instanceof TooManyChannelsError)) throw error;
      throw new ClientError('TooManyChannels', `You may be in ${error.limit} channels.`, { cause: error });
    }
    throw new ClientError(
      'NotSubscribed',
      `You are not in the channel ${channel}, because you unsubscribed at the same time.`,
    );
  }

  /** Unsubscribes the connection from a channel at its client's request. @throws ClientError for an invalid name */
  async clientUnsubscribe(channel: string): Promise<void> {
    assertClientChannel(channel);
    await this.unsubscribe(channel);
  }

  /**
   * Publishes the client's data to a channel, if `onPublish` allows it.
   * @throws ClientError if the client may not publish there, or for an invalid name
   */
  async clientPublish(channel: string, data: unknown): Promise<Published> {
    assertClientChannel(channel);
    if (!(await this.onPublish(channel, data))) throw forbidden('publish to', channel);
    return this.service.channel(channel).publish(data);
  }

  /**
   * Who is in a channel, for a client that asks: each user once, in the order of joining. The channel's rule must have
   * `presence: true`, and the client must be subscribed.
   * @throws ClientError otherwise, or for an invalid name
   */
  async clientPresence(channel: string): Promise<PresentUser[]> {
    assertClientChannel(channel);
    const { channelRules, channels } = this.service;
    if (!allowsPresence(channelRules, channel) || !(await channels.isIn(this.webSocketId, channel)))
      throw forbidden('see who is in', channel);
    return this.service.channel(channel).presence();
  }

  /** The channels of the connection. */
  channels(): Promise<string[]> {
    return this.#channels.names();
  }

  /** Closes the socket: the client sees code 1000. @throws as `write` */
  async end(): Promise<void> {
    this.#assertMayReachClient('end');
    await this.#connection.end();
  }

  /** Refuses the handshake with this HTTP status. Only in `onPreServer`. */
  protected refuse(statusCode: 401 | 403 = 403): never {
    if (this.context.hook !== 'onPreServer') {
      throw new InvalidUseError(
        `refuse() was called in ${this.context.hook} of WebSocket ${this.webSocketId}, but the handshake is already over. Refuse in onPreServer, or close with end().`,
      );
    }
    throw new HandshakeRefusal(statusCode);
  }

  #assertMayReachClient(method: string): void {
    const { hook } = this.context;
    if (hook === 'onPostServer' || hook === 'onSessionEnd') throw new WebSocketClosedError(this.webSocketId);
    if (hook === 'onPreServer') {
      throw new InvalidUseError(
        `${method}() was called in onPreServer of WebSocket ${this.webSocketId}, but API Gateway answers 410 until the handshake has finished. Call it in server(), which runs once the socket is open.`,
      );
    }
  }
}
