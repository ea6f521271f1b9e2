/** Runs the commands of one frame, one after the other, and answers them in as few frames as possible. */
import { ifConnected } from '../connections/if-connected';
import { WebSocketClosedError } from '../errors';
import { limitsOf } from '../limits/connection-limits';
import { ChannelCommands } from './channel-commands';
import { assertHasChannel, commandsIn, type NamedCommand, procedureOf } from './commands';
import { ConnectionCommands } from './connection-commands';
import { ConnectionLifetime } from './connection-lifetime';
import type { HistoryRequest, PublishRequest, SubscribeRequest } from './protocol';
import { PUBLISH_IN_PARTS } from './publication-parts';
import { Disconnection, disconnections, errors, replyError } from './realtime-errors';
import type { RealtimeHooks } from './realtime-hooks';
import { Replies } from './replies';
import { SubscriptionCommands } from './subscription-commands';

/** Of a frame, besides a subscription to each channel that the connection may be in. */
const OTHER_COMMANDS = 200;
/** How many subscriptions of a frame run at the same time: clients wait five seconds for the last one's answer. */
const SIDE_BY_SIDE = 10;

/** The reply to a command, under the command's name; `undefined` if the reply is sent elsewhere. */
type Result = object | undefined;

export class CommandRunner {
  readonly #server: RealtimeHooks;
  readonly #lifetime: ConnectionLifetime;
  readonly #replies: Replies;
  readonly #connection: ConnectionCommands;
  readonly #subscriptions: SubscriptionCommands;
  readonly #channels: ChannelCommands;

  constructor(
    server: RealtimeHooks,
    /** Of the client's frame. */
    messageId: string,
  ) {
    const [lifetime, replies] = [new ConnectionLifetime(server), new Replies(server)];
    const subscriptions = new SubscriptionCommands(server, lifetime);
    this.#server = server;
    this.#lifetime = lifetime;
    this.#replies = replies;
    this.#subscriptions = subscriptions;
    this.#connection = new ConnectionCommands({ server, lifetime, subscriptions, replies, messageId });
    this.#channels = new ChannelCommands(server);
  }

  async run(frame: string): Promise<void> {
    await ifConnected(this.#runAll(frame));
  }

  async #runAll(frame: string): Promise<void> {
    try {
      const { channels } = limitsOf(this.#server.constructor as typeof RealtimeHooks);
      // A reconnecting client subscribes to all of its channels in one frame.
      for (const group of groupsOf(commandsIn(frame, OTHER_COMMANDS + channels))) {
        await this.#runSome(group);
        await this.#replies.flushIfDue();
      }
      await this.#replies.flush();
    } catch (error) {
      if (!(error instanceof Disconnection)) throw error;
      await this.#disconnect(error);
    }
  }

  /** @throws the first that any of them has thrown, once all are over */
  async #runSome(commands: NamedCommand[]): Promise<void> {
    const runs = await Promise.allSettled(commands.map((command) => this.#run(command)));
    for (const run of runs) if (run.status === 'rejected') throw run.reason;
  }

  async #run(command: NamedCommand): Promise<void> {
    const { id, method } = command;
    const { service } = this.#server;
    try {
      if (service.backend.clock.now() > service.deadline) throw errors.tooManyRequests();
      await this.#admit(command);
      assertHasChannel(command);
      const result = await this.#result(command);
      if (id !== undefined && result) this.#replies.add({ id, [method]: result });
    } catch (error) {
      if (error instanceof Disconnection || error instanceof WebSocketClosedError) throw error;
      const told = replyError(error) ?? this.#internal(command, error);
      if (id !== undefined) this.#replies.add({ id, error: told });
    }
  }

  /** @throws Disconnection for a client that has not connected, or whose connection has expired */
  async #admit({ method }: NamedCommand): Promise<void> {
    if (method !== 'connect' && !(await this.#lifetime.isConnected()))
      throw disconnections.badRequest(`${method} before connect`);
    if (method !== 'refresh' && this.#lifetime.isOver) throw disconnections.expired();
  }

  async #result({ id, method, command }: NamedCommand): Promise<Result> {
    const { connect = {}, subscribe, publish, history, rpc, send, refresh } = command;
    switch (method) {
      case 'connect':
        return this.#connection.connect(id as number, connect);
      case 'refresh':
        return this.#connection.refresh(refresh?.token);
      case 'subscribe':
        return this.#subscriptions.subscribe(id as number, subscribe as SubscribeRequest);
      case 'unsubscribe':
        return this.#subscriptions.unsubscribe((command.unsubscribe as { channel: string }).channel);
      case 'sub_refresh':
        return this.#subscriptions.refresh(
          command.sub_refresh as { channel: string; token?: string; type?: number },
        );
      case 'publish':
        return this.#channels.publish(publish as PublishRequest);
      case 'presence':
        return this.#channels.presence((command.presence as { channel: string }).channel);
      case 'presence_stats':
        return this.#channels.presenceStats((command.presence_stats as { channel: string }).channel);
      case 'history':
        return this.#channels.history(history as HistoryRequest);
      case 'rpc':
        return { data: await this.#call(procedureOf(command), rpc?.data) };
      case 'send':
        await this.#server.onMessage(send?.data);
        return undefined;
      case 'ping':
        return {};
    }
  }

  #call(method: string, data: unknown): Promise<unknown> {
    return method === PUBLISH_IN_PARTS ? this.#channels.publishPart(data) : this.#server.onRpc(method, data);
  }

  #internal({ method }: NamedCommand, error: unknown) {
    console.error(`The command ${method} of WebSocket ${this.#server.webSocketId} failed:`, error);
    return replyError(errors.internal());
  }

  /** API Gateway sends no close code of our own, so the client is told first. */
  async #disconnect({ code, reason }: Disconnection): Promise<void> {
    this.#replies.push({ disconnect: { code, reason } });
    await this.#replies.flush();
    await this.#server.end();
  }
}

/**
 * What runs at the same time: subscriptions to different channels that follow one another. Everything else runs alone
 * and in order, and so does the first command, which finds out whether the client has connected.
 */
function groupsOf(commands: NamedCommand[]): NamedCommand[][] {
  const groups: NamedCommand[][] = [];
  for (const next of commands) {
    const group = groups.length > 1 ? groups.at(-1) : undefined;
    const fits =
      group !== undefined &&
      group.length < SIDE_BY_SIDE &&
      next.method === 'subscribe' &&
      group.every(
        ({ method, command }) =>
          method === 'subscribe' && command.subscribe?.channel !== next.command.subscribe?.channel,
      );
    if (fits) group.push(next);
    else groups.push([next]);
  }
  return groups;
}
