/** The class that a service extends: the hooks and members of %CSP.WebSocket. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Published, SubscribeOptions } from '../channels/channel';
import { allowsPresence, type ChannelRules, ruleOf } from '../channels/channel-rules';
import { assertChannelName } from '../channels/channel-store';
import type { ClientRequest } from '../channels/client-order';
import { assertClientChannel, forbidden } from '../channels/client-requests';
import {
  type ChannelFrames,
  defaultFrames,
  type Joined,
  type Subscriber,
} from '../channels/log/channel-frames';
import type { Line } from '../channels/log/log-items';
import { type Identity, validIdentity } from '../connections/identity';
import { SharedConnection } from '../connections/shared-connection';
import {
  InvalidUseError,
  TooManyChannelsError,
  WebSocketClosedError,
  WebSocketOpeningError,
} from '../errors';
import type { MessageEvent } from '../handlers/events';
import type { ReadOptions } from '../inbox/message-reader';
import { bytesOf, messagesOf, type WaitOptions } from '../inbox/whole-messages';
import { type ConnectionLimits, limitsOf } from '../limits/connection-limits';
import { ClientError } from '../messages/client-error';
import type { MessageOf } from '../messages/client-message';
import {
  defaultPresenceFrame,
  type PresenceFormOf,
  type PresenceFrame,
  type PresenceNews,
  type PresentUser,
} from '../presence/presence-form';
import type { Service } from '../service';
import type { Value } from '../table/item';
import { HandshakeRequest } from './handshake-request';
import type { ServerContext } from './server-context';
import { Subprotocols } from './subprotocols';

/** What `server()` gets when it continues in another invocation. */
export interface Resumption {
  /** What `onHandover` saved last. */
  state: Value | undefined;
}

/** Whether a client may subscribe; an object is a yes, with what a protocol has the client told. */
export type SubscribeDecision = boolean | SubscribeGrant;

export interface SubscribeGrant {
  /** What the client gets with the answer, where its protocol has a place for it. */
  data?: unknown;
  /** When the subscription ends, in milliseconds since the epoch, where its protocol has it renewed. */
  expiresAt?: number;
}

/** One object serves one event: a field that one hook sets is not there in the next. */
export abstract class WebSocketServer<Messages extends StandardSchemaV1 | undefined = undefined> {
  /**
   * How much one client may send. Missing limits keep their defaults. @default 100 messages a second, 500 at once;
   * 100 channels
   */
  static readonly limits?: ConnectionLimits;
  /** What channels keep and report, by the beginning of their names. @default nothing is kept */
  static readonly channels?: ChannelRules;
  /**
   * What clients send: a schema of any library that follows Standard Schema, such as Zod, Valibot or ArkType. Then a message is JSON,
   * `onClientMessage` gets the schema's value, and a message that does not fit is answered with an error that says where.
   * Name it as the type argument, too: `class Quiz extends WebSocketServer<typeof messages> { static override messages = messages; … }`.
   * @default none: `onClientMessage` gets the text
   */
  static readonly messages?: StandardSchemaV1;

  /** Puts lines of a channel with a log into frames, in order. @default one JSON object a line, gathered into frames */
  static encodeLines(channel: string, lines: Line[]): string[] {
    return defaultFrames.encodeLines(channel, lines);
  }

  /** Puts the answer to a subscription to a channel with a log into frames, or into none. @default likewise, the position first */
  static encodeJoined(joined: Joined): string[] {
    return defaultFrames.encodeJoined(joined);
  }

  /**
   * The frame that has a client subscribe again, and say where it was: it may have missed lines. Without one its connection is closed.
   * @default none
   */
  static encodeResubscribe(_channel: string, _by: Subscriber): string | undefined {
    return undefined;
  }

  /** Puts what is published to a channel without a log into a frame. @default text as it is, and anything else as JSON */
  static encodePublication(channel: string, data: unknown, info?: unknown): string {
    return defaultFrames.encodePublication(channel, data, info);
  }

  /**
   * The frame that tells a channel's members who is in it: a whole list, or a difference. Of channels with `joinLeave`.
   * @default JSON: `{ channel, presence }`
   */
  static encodePresence(channel: string, news: PresenceNews): string {
    return defaultPresenceFrame(channel, news);
  }

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
   * Notes that stay with the connection, available in every hook. Changes in `onPreServer`, `server` and
   * `onClientMessage` are saved when the hook returns, and in `server` with each `read`, too; not if the hook throws.
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
  readonly #mostChannels: number;

  constructor(protected readonly context: ServerContext) {
    this.webSocketId = context.member.webSocketId;
    this.sessionId = context.sessionId;
    this.service = context.service;
    this.attributes = context.attributes;
    this.#subprotocols = new Subprotocols(context);
    const ServerClass = new.target as unknown as ServerClass;
    this.#mostChannels = limitsOf(ServerClass).channels;
    const toHook = overrides(ServerClass, 'onClientMessage');
    this.#connection = new SharedConnection(context.service, context.member, toHook ? 'hook' : 'inbox');
  }

  /** Whether the last `read` reached the end of its message. */
  get atEnd(): boolean {
    return (this.context.reader ?? this.#connection).atEnd;
  }

  /** Runs before the handshake is answered. Call `refuse` to turn the client away. */
  async onPreServer(): Promise<void> {}

  /**
   * Runs once the socket is open, in its own invocation, and again if it fails. A class that does not override it
   * costs no invocation. For a loop, another invocation continues before Lambda's time is over, or after a crash:
   * then `resumed` is set.
   */
  async server(_resumed?: Resumption): Promise<void> {}

  /** Runs when a loop moves to a new invocation. What this returns is passed to `server(resumed)`. */
  async onHandover(): Promise<Value | undefined> {
    return undefined;
  }

  /**
   * Runs for each message of a shared socket's client; with `bytes` if `binaryData` is set and the message is a data
   * URL. Messages of one client may run at the same time. Without this hook, messages stay in the inbox until a
   * process calls `read`.
   */
  async onClientMessage(_data: MessageOf<Messages>, _bytes?: Buffer): Promise<void> {}

  /**
   * Handles an error that `onClientMessage` or `server` threw. If this throws, the invocation fails: API Gateway then
   * sends "Internal server error" to the sender of a message, and Lambda runs `server()` again. Changes of attributes
   * by the hook are not saved.
   * @default a `ClientError` is sent to the client as a frame, in the form of API Gateway's own; anything else is
   * rethrown
   */
  async onError(error: unknown): Promise<void> {
    if (!(error instanceof ClientError)) throw error;
    const { code, message, details } = error;
    const requestId = this.context.event?.requestContext.requestId;
    try {
      await this.write({ message, code, ...details, connectionId: this.webSocketId, requestId });
    } catch (failure) {
      if (!(failure instanceof WebSocketClosedError) && !(failure instanceof WebSocketOpeningError))
        throw failure;
    }
  }

  /**
   * Whether the client may subscribe to the channel, for `clientSubscribe`. Throw a `ClientError` to say why not.
   * @default false
   */
  async onSubscribe(_channel: string): Promise<SubscribeDecision> {
    return false;
  }

  /**
   * Whether the client may publish this to the channel, for `clientPublish`. Throw a `ClientError` to say why not.
   * @default false
   */
  async onPublish(_channel: string, _data: unknown): Promise<boolean> {
    return false;
  }

  /**
   * Runs when the client has sent more messages than the class's `limits` allow, at most once a second in each
   * environment, with the number refused since the last call. Override it to notify the client in your own protocol.
   * @default a frame in API Gateway's form
   */
  async onMessagesRefused(_refused: number): Promise<void> {
    const { requestId } = (this.context.event as MessageEvent).requestContext;
    // Source: API Gateway's own frames, such as "Internal server error"; the message is that of its status 429.
    await this.write({ message: 'Too Many Requests', connectionId: this.webSocketId, requestId });
  }

  /**
   * Runs once for each connection after it has closed, however the end was noticed, and again if it crashed. Code and
   * reason are set if API Gateway reported them.
   */
  async onPostServer(_closeCode?: number, _reason?: string): Promise<void> {}

  /**
   * Runs when the last socket of a web session has closed, if one of them had set `sessionEndOnClose`: once each time
   * the session loses its last socket, and again if it crashed. A socket that opens meanwhile starts the session
   * again, and may overlap with this. It runs after `onPostServer` of the socket that closed last, on an object of
   * that socket.
   */
  async onSessionEnd(): Promise<void> {}

  /**
   * Saves changes of the attributes now, for example before an answer that depends on them. @throws
   * AttributesNotSavedError
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
   * those present. `false` if the connection has closed meanwhile, or a later message has identified it.
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
   * Subscribes the connection to a channel, whose members a publication reaches. In `onPreServer`, this takes effect once the
   * connection is accepted, and always returns `true`. In a channel with a log, the client gets its position (`encodeJoined`), and
   * the lines that it missed if `since` says where it was. After a subscription in `onPreServer`, it gets only lines from then on.
   * @throws TooManyChannelsError if it would be in more than `limits.channels`, InvalidValueError, InvalidUseError, and as `SharedConnection.subscribe`
   */
  async subscribe(channel: string, options: SubscribeOptions = {}): Promise<boolean> {
    assertChannelName(channel);
    const most = this.#mostChannels;
    const { log } = ruleOf(this.service.channelRules, channel);
    if (!log && options.since) {
      throw new InvalidUseError(
        `The channel ${channel} has no log, so nothing can be said of what was missed since. Give it one in \`static channels\`, or leave \`since\` out.`,
      );
    }
    if (log && this.context.hook !== 'onPreServer') {
      return this.service.channel(channel).join(this.context.member, options, most, this.#frame);
    }
    if (this.context.hook === 'onPreServer' && (options.since || options.request !== undefined)) {
      throw new InvalidUseError(
        `subscribe(${JSON.stringify(channel)}) in onPreServer of WebSocket ${this.webSocketId} cannot be answered before the handshake has finished. Subscribe in server() or onClientMessage, or without \`since\` and \`request\`.`,
      );
    }
    if (this.context.hook !== 'onPreServer') {
      return this.service.subscribe(this.context.member, channel, most, this.#frame);
    }
    const { channels = new Set() } = this.context;
    if (!channels.has(channel) && channels.size >= most) {
      throw new TooManyChannelsError(this.webSocketId, channel, most);
    }
    channels.add(channel);
    return true;
  }

  /** Unsubscribes the connection from a channel. @throws as `subscribe` */
  async unsubscribe(channel: string): Promise<boolean> {
    assertChannelName(channel);
    if (this.context.hook !== 'onPreServer')
      return this.service.unsubscribe(this.context.member, channel, this.#frame);
    return this.context.channels?.delete(channel) ?? false;
  }

  /**
   * Subscribes the connection to a channel that its client asks for, if `onSubscribe` allows it.
   * @throws ClientError for a channel that it may not enter, an invalid name, or one channel too many
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
   * @throws ClientError for a channel that it may not publish to, or an invalid name
   */
  async clientPublish(channel: string, data: unknown): Promise<Published> {
    assertClientChannel(channel);
    if (!(await this.onPublish(channel, data))) throw forbidden('publish to', channel);
    return this.service.channel(channel).publish(data);
  }

  /**
   * Who is in a channel, for a client that asks: each user once, in the order of joining. The channel's rule must have
   * `presence: true`, and the client must be in the channel.
   * @throws ClientError for another channel, or an invalid name
   */
  async clientPresence(channel: string): Promise<PresentUser[]> {
    assertClientChannel(channel);
    const { channelRules, channels } = this.service;
    if (!allowsPresence(channelRules, channel) || !(await channels.isIn(this.webSocketId, channel)))
      throw forbidden('see who is in', channel);
    return this.service.channel(channel).presence();
  }

  /** The channels of the connection. */
  async channels(): Promise<string[]> {
    return this.context.hook === 'onPreServer'
      ? [...(this.context.channels ?? [])]
      : this.#connection.channels();
  }

  /** Closes the socket: the client sees code 1000. @throws as `write` */
  async end(): Promise<void> {
    this.#assertMayReachClient('end');
    await this.#connection.end();
  }

  /** Turns the client away before the handshake: it sees this HTTP status. Only in `onPreServer`. */
  protected refuse(statusCode: 401 | 403 = 403): never {
    if (this.context.hook !== 'onPreServer') {
      throw new InvalidUseError(
        `refuse() was called in ${this.context.hook} of WebSocket ${this.webSocketId}, but the handshake is already over. Refuse in onPreServer, or close with end().`,
      );
    }
    throw new HandshakeRefusal(statusCode);
  }

  /** The client's frame that a hook serves. */
  get #frame(): ClientRequest | undefined {
    const { hook, event, requestTime: at } = this.context;
    if (hook !== 'onClientMessage' || !event) return undefined;
    return { at, messageId: (event as MessageEvent).requestContext.messageId };
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

/** Thrown by `refuse` and turned into the handshake's status by the handler. */
export class HandshakeRefusal extends Error {
  constructor(readonly statusCode: number) {
    super(`The handshake was refused with ${statusCode}.`);
  }
}

/** A server, whatever its messages. */
export type AnyServer = WebSocketServer<StandardSchemaV1 | undefined>;

export type ServerClass = (new (
  context: ServerContext,
) => AnyServer) &
  Partial<ChannelFrames> & {
    messages?: StandardSchemaV1;
    encodePresence?: PresenceFrame;
    presenceForm?: PresenceFormOf;
    onSweep?: (service: Service) => Promise<void>;
    limits?: ConnectionLimits;
    channels?: ChannelRules;
  };

/** Whether the class overrides a hook. */
export function overrides(ServerClass: ServerClass, hook: ServerContext['hook']): boolean {
  return ServerClass.prototype[hook] !== WebSocketServer.prototype[hook];
}
