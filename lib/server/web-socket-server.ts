/** The class that a service extends: the hooks and members of %CSP.WebSocket. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Published, SubscribeOptions } from '../channels/channel';
import { type ChannelRules, ruleOf } from '../channels/channel-rules';
import { assertChannelName } from '../channels/channel-store';
import { assertClientChannel, forbidden } from '../channels/client-requests';
import { type ChannelFrames, defaultFrames, type Joined } from '../channels/log/channel-frames';
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
import { defaultPresenceFrame, type PresenceFrame, type PresenceNews } from '../presence/presence-form';
import type { Service } from '../service';
import type { Value } from '../table/item';
import { HandshakeRequest } from './handshake-request';
import type { ServerContext } from './server-context';
import { Subprotocols } from './subprotocols';

/** What `server()` of a dedicated socket learns when it goes on in another invocation. */
export interface Resumption {
  /** What `onHandover` saved last. */
  state: Value | undefined;
}

/** One object serves one event: nothing that a hook leaves in a field is there in the next. */
export abstract class WebSocketServer<Messages extends StandardSchemaV1 | undefined = undefined> {
  /** How much one client may ask for. What a class leaves out keeps its default. @default 100 messages a second, 500 at once; 100 channels */
  static readonly limits?: ConnectionLimits;
  /** What channels keep and tell, by the beginning of their names. @default nothing is kept */
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
  static encodeResubscribe(_channel: string): string | undefined {
    return undefined;
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
   * The web session that the socket was opened from: the principal that an authorizer found or the subject of a JWT, else a hash of the session cookie if
   * the service has one (`SESSION_COOKIE`), else empty. `service.session(sessionId)` has all of its sockets.
   */
  readonly sessionId: string;
  /** Everyone who is connected to this service. */
  readonly service: Service;
  /**
   * Notes kept with the connection, there in every hook. What `onPreServer`, `server` or `onClientMessage` changes is kept when the hook
   * returns, and in `server` with each `read`, too; not if the hook throws. Of two hooks side by side that change the same one, the
   * later one stays. The first change after the handshake may be unseen for a minute by another environment that knew the connection:
   * where that matters, call `refreshAttributes`.
   */
  readonly attributes: Record<string, Value>;
  /**
   * `false`, set in `onPreServer` or as a field, makes the socket dedicated: one invocation owns it, `server()` is its read and
   * write loop, and it closes when that returns. In IRIS this is the default; here the shared one is, since it holds nothing.
   */
  sharedConnection = true;
  /** `true`, set as a field: text is written as bytes, and `onClientMessage` gets the bytes of data URLs. */
  binaryData = false;
  /**
   * `true`, set in `onPreServer` or as a field: the end of the socket's session is told by `onSessionEnd`. It means nothing to a
   * socket without a session.
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

  /** Before the handshake is answered. Call `refuse` to turn the client away. */
  async onPreServer(): Promise<void> {}

  /**
   * Once the socket is open, in an invocation of its own. A class that does not override it costs no invocation. Runs again if it
   * fails. A dedicated socket's runs again in a fresh invocation before Lambda's time is out, or after it died: `resumed` tells.
   */
  async server(_resumed?: Resumption): Promise<void> {}

  /** A dedicated socket goes on in a fresh invocation: what this returns is there again in `server(resumed)`. */
  async onHandover(): Promise<Value | undefined> {
    return undefined;
  }

  /**
   * Each message of a shared socket's client; `bytes` if `binaryData` is set and it is a data URL. Messages of one client may run
   * side by side. A class without this hook leaves them in the inbox, for whoever calls `read`.
   */
  async onClientMessage(_data: MessageOf<Messages>, _bytes?: Buffer): Promise<void> {}

  /**
   * What `onClientMessage` or `server` has thrown. What this throws fails the invocation: API Gateway then tells the sender of a message
   * "Internal server error" and no more, and Lambda runs `server()` again. Attributes that the hook has changed are not kept.
   * @default a `ClientError` is sent to the client as a frame, in the form of API Gateway's own; anything else is thrown on
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
   * Whether the client may enter the channel, for `clientSubscribe`. Throw a `ClientError` to say why not. @default false
   */
  async onSubscribe(_channel: string): Promise<boolean> {
    return false;
  }

  /** Whether the client may publish this into the channel, for `clientPublish`. Throw a `ClientError` to say why not. @default false */
  async onPublish(_channel: string, _data: unknown): Promise<boolean> {
    return false;
  }

  /**
   * The client has sent more messages than the class's `limits` allow, and so many were refused since it was told last: at most once
   * a second in each environment. Override it to tell the client in your own protocol. @default a frame in API Gateway's form
   */
  async onMessagesRefused(_refused: number): Promise<void> {
    const { requestId } = (this.context.event as MessageEvent).requestContext;
    // Source: the frames that API Gateway sends of itself, such as "Internal server error"; the message is that of its status 429.
    await this.write({ message: 'Too Many Requests', connectionId: this.webSocketId, requestId });
  }

  /**
   * After the socket has closed, once for each connection however its end was noticed, or again if this died on the way.
   * Code and reason are there if the gateway told them.
   */
  async onPostServer(_closeCode?: number, _reason?: string): Promise<void> {}

  /**
   * When the last socket of a web session has closed, if one of them asked for it by `sessionEndOnClose`: once for each time that the
   * session has lost its last socket, or again if this died on the way. A socket that opens meanwhile begins the session anew, and
   * may overlap this. It runs on behalf of the socket that closed last, after `onPostServer`.
   */
  async onSessionEnd(): Promise<void> {}

  /** Keeps now what the hook has changed of the attributes: before an answer that tells of it, for instance. @throws AttributesNotSavedError */
  async saveAttributes(): Promise<void> {
    await this.context.keeper?.save();
  }

  /** Reads the attributes as they are now. What this hook has changed stays. One read of the table. */
  async refreshAttributes(): Promise<void> {
    await this.context.keeper?.refresh();
  }

  /**
   * The request that opens the WebSocket: its query, headers, cookies and the client's address. Only in `onPreServer`.
   * @throws InvalidUseError in another hook: note in `attributes` what it needs
   */
  get request(): HandshakeRequest {
    const { hook, event, authorizer } = this.context;
    if (hook !== 'onPreServer' || !event || !('headers' in event)) {
      throw new InvalidUseError(
        `this.request was read in ${hook} of WebSocket ${this.webSocketId}, but only the handshake has a request. Read it in onPreServer, and keep in attributes what other hooks need.`,
      );
    }
    this.#request ??= new HandshakeRequest(event, authorizer);
    return this.#request;
  }

  /** Whom the connection belongs to: the user of `identify`, else the one whom an authorizer found; else `undefined`. */
  get user(): string | undefined {
    return this.context.member.user;
  }

  /** What others may know about the user, as `identify` noted it. */
  get info(): Value | undefined {
    return this.context.member.info;
  }

  /**
   * Notes whom the connection belongs to. From now on `user` and `info` are there in each hook, and in the lists of those who are
   * present. `false` if the connection has closed meanwhile, or a later message has identified it.
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

  /** The subprotocols that the client offers, its favourite first. Only in `onPreServer`. */
  get subprotocols(): readonly string[] {
    return this.#subprotocols.offered;
  }

  /** The one that is chosen: set it in `onPreServer`. A browser that offers some and is given none closes the socket. @throws InvalidUseError for one that was not offered. */
  get subprotocol(): string | undefined {
    return this.#subprotocols.chosen;
  }
  set subprotocol(subprotocol: string) {
    this.#subprotocols.chosen = subprotocol;
  }

  /**
   * Takes the client's next message, or the next piece of a long one. In `server()`, of a class without `onClientMessage`. Of a
   * dedicated socket a message counts as read when the next one is asked for: one whose invocation died comes again.
   * @throws as `SharedConnection.read`
   */
  async read(options?: ReadOptions): Promise<string> {
    this.#assertMayReachClient('read');
    if (this.context.hook === 'server') await this.saveAttributes();
    return (this.context.reader ?? this.#connection).read(options);
  }

  /** Takes a whole message as bytes: those of a data URL, or those of its text in UTF-8. @throws as `read` */
  readBytes(options: WaitOptions = {}): Promise<Buffer> {
    return bytesOf(this, options);
  }

  /** Whole messages, one after the other, until the socket has closed. @throws as `read`, but for `WebSocketClosedError` */
  messages(options: WaitOptions = {}): AsyncGenerator<string, void, undefined> {
    return messagesOf(this, options);
  }

  /**
   * Sends `data` to the client as one text frame: text as it is, bytes as a data URL, and anything else as JSON.
   * @throws WebSocketClosedError if the client has gone, InvalidUseError in `onPreServer`, and as `SharedConnection.write`.
   */
  async write(data: unknown): Promise<void> {
    this.#assertMayReachClient('write');
    this.#connection.binaryData = this.binaryData;
    await this.#connection.write(data);
  }

  /**
   * Puts the connection into a channel, whose members a publication reaches. In `onPreServer` it is done once the connection
   * is accepted, and `true` says no more than that. In a channel with a log the client is told its position (`encodeJoined`), with
   * the lines that it has missed if `since` says where it was; subscribed to in `onPreServer`, it is told only what comes from then on.
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
      return this.service.channel(channel).join(this.context.member, options, most);
    }
    if (this.context.hook === 'onPreServer' && (options.since || options.request !== undefined)) {
      throw new InvalidUseError(
        `subscribe(${JSON.stringify(channel)}) in onPreServer of WebSocket ${this.webSocketId} cannot be answered before the handshake has finished. Subscribe in server() or onClientMessage, or without \`since\` and \`request\`.`,
      );
    }
    if (this.context.hook !== 'onPreServer') {
      return this.service.subscribe(this.context.member, channel, most);
    }
    const { channels = new Set() } = this.context;
    if (!channels.has(channel) && channels.size >= most) {
      throw new TooManyChannelsError(this.webSocketId, channel, most);
    }
    channels.add(channel);
    return true;
  }

  /** Takes the connection out of a channel. @throws as `subscribe` */
  async unsubscribe(channel: string): Promise<boolean> {
    assertChannelName(channel);
    if (this.context.hook !== 'onPreServer') return this.#connection.unsubscribe(channel);
    return this.context.channels?.delete(channel) ?? false;
  }

  /**
   * Puts the connection into a channel that its client asks for, if `onSubscribe` lets it.
   * @throws ClientError for a channel that it may not enter, a name that is none, or one channel too many
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
    throw new ClientError('NotSubscribed', `You are not in the channel ${channel}: it was left meanwhile.`);
  }

  /** Takes the connection out of a channel that its client leaves. @throws ClientError for a name that is none */
  async clientUnsubscribe(channel: string): Promise<void> {
    assertClientChannel(channel);
    await this.unsubscribe(channel);
  }

  /**
   * Publishes what the client sends into a channel, if `onPublish` lets it.
   * @throws ClientError for a channel that it may not publish to, or a name that is none
   */
  async clientPublish(channel: string, data: unknown): Promise<Published> {
    assertClientChannel(channel);
    if (!(await this.onPublish(channel, data))) throw forbidden('publish to', channel);
    return this.service.channel(channel).publish(data);
  }

  /** The channels that the connection is in. */
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
        `refuse() was called in ${this.context.hook} of WebSocket ${this.webSocketId}, but the handshake is over by then. Refuse in onPreServer, or close with end().`,
      );
    }
    throw new HandshakeRefusal(statusCode);
  }

  #assertMayReachClient(method: string): void {
    const { hook } = this.context;
    if (hook === 'onPostServer' || hook === 'onSessionEnd') throw new WebSocketClosedError(this.webSocketId);
    if (hook === 'onPreServer') {
      throw new InvalidUseError(
        `${method}() was called in onPreServer of WebSocket ${this.webSocketId}, but API Gateway answers 410 until the handshake has finished. Call it in server(), which runs once the socket is open, or refuse().`,
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

/** A server of whatever messages. */
export type AnyServer = WebSocketServer<StandardSchemaV1 | undefined>;

export type ServerClass = (new (
  context: ServerContext,
) => AnyServer) &
  Partial<ChannelFrames> & {
    messages?: StandardSchemaV1;
    encodePresence?: PresenceFrame;
    limits?: ConnectionLimits;
    channels?: ChannelRules;
  };

/** Whether the class has a hook of its own. */
export function overrides(ServerClass: ServerClass, hook: ServerContext['hook']): boolean {
  return ServerClass.prototype[hook] !== WebSocketServer.prototype[hook];
}
