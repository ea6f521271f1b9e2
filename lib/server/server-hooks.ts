/** The part of a server class that a service overrides: its settings, the frames of its channels, and its hooks. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ChannelRules } from '../channels/channel-rules';
import { defaultFrames, type Joined, type Subscriber } from '../channels/log/channel-frames';
import type { Line } from '../channels/log/log-items';
import { ifConnected } from '../connections/if-connected';
import type { MessageEvent } from '../handlers/events';
import type { ConnectionLimits } from '../limits/connection-limits';
import { ClientError } from '../messages/client-error';
import type { MessageOf } from '../messages/client-message';
import { defaultPresenceFrame, type PresenceNews } from '../presence/presence-form';
import type { Value } from '../table/item';
import type { ServerContext } from './server-context';

/** What `server()` gets when it continues in another invocation. */
export interface Resumption {
  /** What `onHandover` saved last. */
  state: Value | undefined;
}

/** Whether a client may subscribe. An object means yes, with details for protocols that carry them. */
export type SubscribeDecision = boolean | SubscribeGrant;

export interface SubscribeGrant {
  /** Sent to the client with the answer, if its protocol has a field for it. */
  data?: unknown;
  /** When the subscription expires, in milliseconds since the epoch, if its protocol can renew it. */
  expiresAt?: number;
}

/** The part of `WebSocketServer` that a class overrides. */
export abstract class ServerHooks<Messages extends StandardSchemaV1 | undefined = undefined> {
  /**
   * How much one client may send. Missing limits keep their defaults.
   * @default 100 messages a second, 500 at once; 100 channels
   */
  static readonly limits?: ConnectionLimits;
  /** Rules for channels, by the beginning of their names: what they store and announce. @default nothing */
  static readonly channels?: ChannelRules;
  /**
   * The schema of clients' messages, from any library that implements Standard Schema, such as Zod, Valibot or ArkType. Messages are then
   * JSON, and `onClientMessage` gets the schema's output. A message that does not fit is answered with an error that says where.
   * Pass the type as an argument, too: `class Quiz extends WebSocketServer<typeof messages> { static override messages = messages; … }`.
   * @default none: `onClientMessage` gets the text
   */
  static readonly messages?: StandardSchemaV1;

  /** Encodes lines of a channel with a log as frames, in order. @default one JSON object for each line, as many as fit into a frame */
  static encodeLines(channel: string, lines: Line[]): string[] {
    return defaultFrames.encodeLines(channel, lines);
  }

  /** Encodes the answer to a subscription to a channel with a log as frames; none sends nothing. @default JSON: the position, then the missed lines */
  static encodeJoined(joined: Joined): string[] {
    return defaultFrames.encodeJoined(joined);
  }

  /**
   * The frame that makes a client subscribe again from its last position, because it may have missed lines. Without one, its connection
   * is closed.
   * @default none
   */
  static encodeResubscribe(_channel: string, _by: Subscriber): string | undefined {
    return undefined;
  }

  /** Encodes a publication to a channel without a log as a frame. @default text as it is, and anything else as JSON */
  static encodePublication(channel: string, data: unknown, info?: unknown): string {
    return defaultFrames.encodePublication(channel, data, info);
  }

  /**
   * The frame that tells a channel's members who is in it: a whole list, or a difference. Used by channels with `joinLeave`.
   * @default JSON: `{ channel, presence }`
   */
  static encodePresence(channel: string, news: PresenceNews): string {
    return defaultPresenceFrame(channel, news);
  }

  /** The id with which any process may later open this WebSocket. */
  abstract readonly webSocketId: string;

  constructor(protected readonly context: ServerContext) {}

  /** Sends `data` to the client. */
  abstract write(data: unknown): Promise<void>;

  /** Runs before the handshake is answered. Call `refuse` to turn the client away. */
  async onPreServer(): Promise<void> {}

  /**
   * Runs once the socket is open, in its own invocation, and again if it fails. A class that does not override it costs no invocation. A
   * loop continues in a new invocation before Lambda's time runs out, or after a crash. Then `resumed` is set.
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
    await ifConnected(this.write({ message, code, ...details, connectionId: this.webSocketId, requestId }));
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
   * the session loses its last socket, and again if it crashed. A socket that opens in the meantime starts the
   * session again, and may overlap with this. It runs after `onPostServer` of the socket that closed last, on an
   * object of that socket.
   */
  async onSessionEnd(): Promise<void> {}
}

/** Whether a server class overrides a hook. */
export function overrides(ServerClass: { prototype: object }, hook: ServerContext['hook']): boolean {
  return (ServerClass.prototype as ServerHooks)[hook] !== ServerHooks.prototype[hook];
}
