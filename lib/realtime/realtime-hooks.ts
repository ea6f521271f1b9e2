/** The part of `RealtimeServer` that a class overrides: its settings, and the hooks that say what clients may do. */
import type { SubscribeDecision } from '../server/server-hooks';
import { WebSocketServer } from '../server/web-socket-server';
import type { Value } from '../table/item';
import { type ConnectRequest, pushText, type SubscribeRequest } from './protocol';
import { errors } from './realtime-errors';
import { keysOfFunction, type TokenKeys, Tokens } from './tokens';

/** What `onConnect` returns. */
export interface Connected {
  /** The user's id. @default anonymous, unless the handshake found one */
  user?: string;
  /** What others may know about the user. */
  info?: Value;
  /** Sent to the client with the answer. */
  data?: unknown;
  /** The channels that the server subscribes the connection to. */
  channels?: readonly string[];
  /** When the connection expires unless the client renews its token, in milliseconds since the epoch. @default never */
  expiresAt?: number;
}

export abstract class RealtimeHooks extends WebSocketServer {
  /** Whether clients may connect without a token. @default false */
  static readonly anonymous: boolean = false;
  /**
   * Whether each sweep posts to every connection, which keeps it open for up to two hours. API Gateway closes a
   * connection that is idle for ten minutes, and its client reconnects. @default false
   */
  static readonly keepAlive: boolean = false;

  /**
   * The keys that verify tokens.
   * @default from the environment: the secret with the ARN `TOKEN_SECRET_ARN`, or `TOKEN_SECRET`; and `TOKEN_PUBLIC_KEY`, `TOKEN_ISSUER` and `TOKEN_AUDIENCE`
   */
  tokenKeys(): Promise<TokenKeys> {
    return keysOfFunction(process.env);
  }

  /**
   * Runs when a client connects. Throw a `RealtimeError` to refuse it, or a `Disconnection` to close its connection.
   * @default verifies the token, which names the user. A client without a token is accepted if the handshake identified its user, or if
   * the class is `anonymous`
   */
  async onConnect({ token }: ConnectRequest): Promise<Connected> {
    if (token) return (await this.#tokens()).connection(token);
    const { anonymous } = this.constructor as typeof RealtimeHooks;
    if (this.user === undefined && !anonymous) throw errors.unauthorized();
    return {};
  }

  /**
   * Runs when a client renews its token. Returns when the connection expires from now on.
   * @default verifies the new token, and returns its expiry
   */
  async onRefresh({ token }: { token: string }): Promise<Pick<Connected, 'expiresAt' | 'info'>> {
    const { user, ...claims } = (await this.#tokens()).connection(token);
    if (user !== this.user) throw errors.unauthorized();
    return claims;
  }

  /**
   * Whether the client may subscribe to the channel.
   * @default `true` for a client with a valid subscription token
   */
  override async onSubscribe(channel: string, request?: SubscribeRequest): Promise<SubscribeDecision> {
    const { token } = request ?? {};
    if (!token) return false;
    const { user, webSocketId: client } = this;
    return (await this.#tokens()).subscription(token, { channel, user, client });
  }

  /**
   * Runs for a client's procedure call, other than `shared-connection:publish`, by which it publishes large data in
   * parts. Returns its result, any JSON value. @default refused
   */
  async onRpc(_method: string, _data: unknown): Promise<unknown> {
    throw errors.methodNotFound();
  }

  /** Runs for a message to which the client expects no answer. @default ignores it */
  async onMessage(_data: unknown): Promise<void> {}

  /** Runs once for each connection after it has closed, however the end was noticed. */
  async onDisconnect(_closeCode?: number, _reason?: string): Promise<void> {}

  /** Sends the client a message that belongs to no channel. @throws as `write` */
  async send(data: unknown): Promise<void> {
    await this.write(pushText({ message: { data } }));
  }

  async #tokens(): Promise<Tokens> {
    return new Tokens(await this.tokenKeys(), this.service.backend.clock.now());
  }
}
