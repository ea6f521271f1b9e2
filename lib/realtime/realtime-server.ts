/**
 * A server class that Centrifuge's clients connect to, unchanged: JavaScript, Python, Go, Dart, Swift, Java. Extend it,
 * and say in its hooks what clients may do.
 */
import type { Joined, Subscriber } from '../channels/log/channel-frames';
import type { Line } from '../channels/log/log-items';
import type { MessageEvent } from '../handlers/events';
import { ClientError } from '../messages/client-error';
import type { PresenceForm } from '../presence/presence-form';
import type { SubscribeDecision } from '../server/server-hooks';
import { WebSocketServer } from '../server/web-socket-server';
import type { Service } from '../service';
import type { Value } from '../table/item';
import { CommandRunner } from './command-runner';
import { costOf, idsIn } from './commands';
import { Expirations } from './expirations';
import { joinLeaveForm } from './join-leave';
import { joinedFrames } from './joined-frames';
import {
  type ClientInfo,
  type ConnectRequest,
  framesOfTexts,
  PING,
  type PublicationDetails,
  publicationTexts,
  pushText,
  type SubscribeRequest,
} from './protocol';
import { errors, UNSUBSCRIBED } from './realtime-errors';
import { keysOfFunction, type TokenKeys, Tokens } from './tokens';

/** What `onConnect` answers. */
export interface Connected {
  /** The user's id. @default anonymous, unless the handshake found one */
  user?: string;
  /** What others may know about the user. */
  info?: Value;
  /** What the client gets with the answer. */
  data?: unknown;
  /** The channels that the server subscribes the connection to. */
  channels?: readonly string[];
  /** When the connection expires unless the client renews its token, in milliseconds since the epoch. @default never */
  expiresAt?: number;
}

export abstract class RealtimeServer extends WebSocketServer {
  /** Whether clients may connect without a token. @default false */
  static readonly anonymous: boolean = false;
  /**
   * Whether each sweep posts to every connection, which keeps it open for up to two hours. API Gateway closes a
   * connection that is idle for ten minutes, and its client reconnects. @default false
   */
  static readonly keepAlive: boolean = false;

  static override encodeLines(channel: string, lines: Line[]): string[] {
    return framesOfTexts(publicationTexts(channel, lines));
  }

  static override encodeJoined(joined: Joined): string[] {
    return joinedFrames(joined);
  }

  /** A client subscribes again by itself. A connection that the server has subscribed is closed, and reconnects. */
  static override encodeResubscribe(channel: string, { byServer }: Subscriber): string | undefined {
    return byServer ? undefined : pushText({ channel, unsubscribe: UNSUBSCRIBED.insufficientState });
  }

  static override encodePublication(channel: string, data: unknown, info?: unknown): string {
    return pushText({ channel, pub: { data, ...(info as PublicationDetails | undefined) } });
  }

  /** Joins and leaves are told one by one, and each client asks for the whole list itself. */
  static presenceForm(channel: string): PresenceForm<ClientInfo> {
    return joinLeaveForm(channel);
  }

  /** Runs with each sweep: ends what has expired, and keeps connections open if the class says so. */
  static async onSweep(service: Service): Promise<void> {
    // biome-ignore lint/complexity/noThisInStatic: it is the service's own class, which says whether.
    if (this.keepAlive) await service.deliver(PING);
    await new Expirations(service).end();
  }

  /** Each command counts like a message; of subscriptions, which a client sends together when it comes back, ten do; a part of a publication counts like ten. */
  static costOf(frame: string): number {
    return costOf(frame);
  }

  /**
   * With what tokens are verified.
   * @default the secret whose ARN is `TOKEN_SECRET_ARN` of the environment, or `TOKEN_SECRET`; `TOKEN_PUBLIC_KEY`, `TOKEN_ISSUER` and `TOKEN_AUDIENCE`
   */
  tokenKeys(): Promise<TokenKeys> {
    return keysOfFunction(process.env);
  }

  /**
   * Runs when a client connects. Throw a `RealtimeError` to refuse it, or a `Disconnection` to close its connection.
   * @default the token says who it is; a client without one is accepted if the handshake found its user, or if the
   * class is `anonymous`
   */
  async onConnect({ token }: ConnectRequest): Promise<Connected> {
    if (token) return (await this.#tokens()).connection(token);
    const { anonymous } = this.constructor as typeof RealtimeServer;
    if (this.user === undefined && !anonymous) throw errors.unauthorized();
    return {};
  }

  /**
   * Runs when a client renews its token. Returns when the connection expires now.
   * @default the new token says it
   */
  async onRefresh({ token }: { token: string }): Promise<Pick<Connected, 'expiresAt' | 'info'>> {
    const { user, ...claims } = (await this.#tokens()).connection(token);
    if (user !== this.user) throw errors.unauthorized();
    return claims;
  }

  /**
   * Whether the client may subscribe to the channel.
   * @default if it has a subscription token
   */
  override async onSubscribe(channel: string, request?: SubscribeRequest): Promise<SubscribeDecision> {
    const { token } = request ?? {};
    if (!token) return false;
    const { user, webSocketId: client } = this;
    return (await this.#tokens()).subscription(token, { channel, user, client });
  }

  /**
   * Runs for a client's procedure call, other than `shared-connection:publish`, by which it publishes large data in
   * parts. Returns its result, which is what JSON takes. @default refused
   */
  async onRpc(_method: string, _data: unknown): Promise<unknown> {
    throw errors.methodNotFound();
  }

  /** Runs for a message that the client does not wait for an answer to. @default ignored */
  async onMessage(_data: unknown): Promise<void> {}

  /** Runs once for each connection after it has closed, however the end was noticed. */
  async onDisconnect(_closeCode?: number, _reason?: string): Promise<void> {}

  /** Sends the client a message that belongs to no channel. @throws as `write` */
  async send(data: unknown): Promise<void> {
    await this.write(pushText({ message: { data } }));
  }

  /** @throws ClientError for a client that speaks the binary form of the protocol, which API Gateway does not carry */
  override async onPreServer(): Promise<void> {
    const isBinary =
      this.subprotocols.includes('centrifuge-protobuf') || this.request.query.get('format') === 'protobuf';
    if (!isBinary) return;
    throw new ClientError('ProtobufNotSupported', 'Use the JSON form of the protocol.', { status: 400 });
  }

  override async onClientMessage(frame: string): Promise<void> {
    const { messageId } = (this.context.event as MessageEvent).requestContext;
    await new CommandRunner(this, messageId).run(frame);
  }

  override async onMessagesRefused(): Promise<void> {
    const { body = '' } = this.context.event as MessageEvent;
    const { errorCode: code, message, temporary } = errors.tooManyRequests();
    const replies = idsIn(body).map((id) => JSON.stringify({ id, error: { code, message, temporary } }));
    for (const text of framesOfTexts(replies)) await this.write(text);
  }

  override async onPostServer(closeCode?: number, reason?: string): Promise<void> {
    await this.onDisconnect(closeCode, reason);
  }

  async #tokens(): Promise<Tokens> {
    return new Tokens(await this.tokenKeys(), this.service.backend.clock.now());
  }
}
