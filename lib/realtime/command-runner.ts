/** Runs the commands of one frame, one after the other, and answers them in as few frames as possible. */
import { allowsPresence, ruleOf } from '../channels/channel-rules';
import { assertClientChannel } from '../channels/client-requests';
import type { Position } from '../channels/log/log-items';
import { type Identity, isSameIdentity } from '../connections/identity';
import { ifConnected } from '../connections/if-connected';
import { MAX_MESSAGE_BYTES } from '../delivery/delivery';
import {
  InvalidValueError,
  MessageTooLargeError,
  TooManyChannelsError,
  WebSocketClosedError,
} from '../errors';
import { limitsOf } from '../limits/connection-limits';
import { acceptConnect } from './accepted-connect';
import { historyOf, presenceOf, presenceStatsOf } from './channel-reads';
import { assertHasChannel, commandsIn, type NamedCommand } from './commands';
import { type ConnectionState, keepState, stateIn } from './connection-state';
import { Expirations, isExpired } from './expirations';
import type { JoinRequest } from './joined-frames';
import {
  type ConnectRequest,
  clientInfo,
  framesOfTexts,
  type HistoryRequest,
  type PublishRequest,
  pushText,
  type SubscribeRequest,
} from './protocol';
import { PUBLISH_IN_PARTS, PublicationParts } from './publication-parts';
import { Disconnection, disconnections, errors, RealtimeError, replyError } from './realtime-errors';
import type { RealtimeHooks } from './realtime-hooks';

/** Of a frame, besides a subscription to each channel that the connection may be in. */
const OTHER_COMMANDS = 200;
/** How many subscriptions of a frame run at the same time: clients wait five seconds for the last one's answer. */
const SIDE_BY_SIDE = 10;
/** The flag of a client that loads the state itself if it cannot recover. */
const REJECT_UNRECOVERED = 2;

/** Answers wait for those after them no longer than this. */
const FLUSHED_AFTER_MILLISECONDS = 500;

/** What a command is answered, by its own name; `undefined` if somebody else answers it. */
type Result = object | undefined;

export class CommandRunner {
  readonly #server: RealtimeHooks;
  readonly #replies: string[] = [];
  #state: ConnectionState;
  #saved: Promise<void> = Promise.resolve();
  #flushedAt: number;

  constructor(
    server: RealtimeHooks,
    /** Of the client's frame. */
    private readonly messageId: string,
  ) {
    this.#server = server;
    this.#state = stateIn(server.attributes);
    this.#flushedAt = this.#now();
  }

  async run(frame: string): Promise<void> {
    await ifConnected(this.#runAll(frame));
  }

  async #runAll(frame: string): Promise<void> {
    try {
      const { channels } = limitsOf(this.#server.constructor as typeof RealtimeHooks);
      // A client that comes back subscribes to all of its channels in one frame.
      for (const group of groupsOf(commandsIn(frame, OTHER_COMMANDS + channels))) {
        await this.#runSome(group);
        // A client gives a command up after five seconds.
        if (this.#now() > this.#flushedAt + FLUSHED_AFTER_MILLISECONDS) await this.#flush();
      }
      await this.#flush();
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
    try {
      if (this.#now() > this.#server.service.deadline) throw errors.tooManyRequests();
      await this.#admit(command);
      assertHasChannel(command);
      const result = await this.#result(command);
      if (id !== undefined && result) this.#reply({ id, [method]: result });
    } catch (error) {
      if (error instanceof Disconnection || error instanceof WebSocketClosedError) throw error;
      const told = replyError(error) ?? this.#internal(command, error);
      if (id !== undefined) this.#replies.push(JSON.stringify({ id, error: told }));
    }
  }

  /** @throws Disconnection for a client that has not connected, or whose connection has expired */
  async #admit({ method }: NamedCommand): Promise<void> {
    const server = this.#server;
    if (method !== 'connect' && !this.#state.isConnected) {
      // Another environment may have accepted it.
      await server.refreshAttributes();
      this.#state = stateIn(server.attributes);
      if (!this.#state.isConnected) throw disconnections.badRequest(`${method} before connect`);
    }
    if (method === 'refresh') return;
    if (isExpired(this.#state.expiresAt, this.#now())) throw disconnections.expired();
  }

  async #result({ id, method, command }: NamedCommand): Promise<Result> {
    const server = this.#server;
    const { connect = {}, subscribe, unsubscribe, publish, history, rpc = {}, send, refresh } = command;
    switch (method) {
      case 'connect':
        return this.#connect(id as number, connect);
      case 'subscribe':
        return this.#subscribe(id as number, subscribe as SubscribeRequest);
      case 'unsubscribe':
        return this.#unsubscribe((unsubscribe as { channel: string }).channel);
      case 'publish':
        return this.#publish(publish as PublishRequest);
      case 'presence':
        return this.#presence((command.presence as { channel: string }).channel);
      case 'presence_stats':
        return this.#presenceStats((command.presence_stats as { channel: string }).channel);
      case 'history':
        return this.#history(history as HistoryRequest);
      case 'rpc':
        return { data: await this.#call(String(rpc.method ?? ''), rpc.data) };
      case 'send':
        await server.onMessage(send?.data);
        return undefined;
      case 'refresh':
        return this.#refresh(refresh?.token);
      case 'sub_refresh':
        return this.#refreshSubscription(
          command.sub_refresh as { channel: string; token?: string; type?: number },
        );
      case 'ping':
        return {};
    }
  }

  /** The answer goes first: what the server's subscriptions bring comes after it. */
  async #connect(id: number, request: ConnectRequest): Promise<undefined> {
    const server = this.#server;
    if (this.#state.isConnected) throw disconnections.badRequest('connect came twice');
    const { user, info, data, channels = [], expiresAt } = await server.onConnect(request);
    if (!(await acceptConnect(server.service, server.webSocketId, this.messageId)))
      throw disconnections.badRequest('connect came twice');
    if (user !== undefined) await this.#identify({ user, ...(info !== undefined && { info }) });
    await this.#keep({ ...(expiresAt !== undefined && { expiresAt }), subscriptions: {} });
    const subs: Record<string, object> = {};
    const logged: { channel: string; since?: Position }[] = [];
    for (const channel of channels) {
      assertClientChannel(channel);
      const since = sinceOf(request.subs?.[channel]);
      if (!this.#rule(channel).log) {
        await this.#enter(channel);
        subs[channel] = {};
        continue;
      }
      logged.push({ channel, ...(since && { since }) });
      // The missed lines follow. If they are lost, the subscription ends and starts again.
      const recovering = { recoverable: true, positioned: true, was_recovering: true, recovered: true };
      if (since) subs[channel] = { ...recovering, ...since };
    }
    this.#reply({
      id,
      connect: {
        client: server.webSocketId,
        version: 'shared-connection',
        ...(data !== undefined && { data }),
        ...(Object.keys(subs).length > 0 && { subs }),
        ...this.#lifetime(expiresAt),
      },
    });
    await this.#flush();
    for (const { channel, since } of logged) await this.#enterForServer(channel, since);
  }

  /** @throws Disconnection, because its client has been answered */
  async #enterForServer(channel: string, since: Position | undefined): Promise<void> {
    const asked: JoinRequest = { byServer: true, ...(since && { since }) };
    try {
      await this.#enter(channel, { byServer: true, request: asked, ...(since && { since }) });
    } catch (error) {
      if (error instanceof RealtimeError) throw disconnections.channelLimit();
      throw error;
    }
  }

  async #subscribe(id: number, request: SubscribeRequest): Promise<Result> {
    const server = this.#server;
    const { channel } = request;
    if (request.type) throw errors.notAvailable(`subscriptions of type ${request.type}`);
    if (request.tf !== undefined) throw errors.notAvailable('filters by tags');
    const decision = await server.onSubscribe(channel, request);
    if (decision === false) throw errors.permissionDenied();
    const { data, expiresAt } = decision === true ? {} : decision;
    const details = { ...(data !== undefined && { data }), ...this.#lifetime(expiresAt) };
    await this.#expire(channel, expiresAt);
    if (!this.#rule(channel).log) {
      await this.#enter(channel);
      return details;
    }
    const since = sinceOf(request);
    const rejectsUnrecovered = ((request.flag ?? 0) & REJECT_UNRECOVERED) !== 0;
    const asked: JoinRequest = {
      ...{ id, details },
      ...(since && { since }),
      ...(rejectsUnrecovered && { rejectsUnrecovered }),
    };
    await this.#enter(channel, { request: asked, ...(since && { since }) });
    // The channel's poster answers, between two lines.
    return undefined;
  }

  async #unsubscribe(channel: string): Promise<Result> {
    await this.#server.unsubscribe(channel);
    await this.#expire(channel, undefined);
    return {};
  }

  async #publish({ channel, data, type, key, removed }: PublishRequest): Promise<Result> {
    const server = this.#server;
    if (type || key !== undefined || removed) throw errors.notAvailable('publications with keys');
    if (data === undefined) throw errors.badRequest('publish has no data');
    if (!(await server.onPublish(channel, data))) throw errors.permissionDenied();
    const { webSocketId, user, info } = server;
    const by = clientInfo({
      webSocketId,
      ...(user !== undefined && { user }),
      ...(info !== undefined && { info }),
    });
    try {
      await server.service.channel(channel).publish(data, { info: { info: by } });
    } catch (error) {
      if (error instanceof MessageTooLargeError) throw errors.limitExceeded(error.message);
      throw error;
    }
    return {};
  }

  async #call(method: string, data: unknown): Promise<unknown> {
    if (method !== PUBLISH_IN_PARTS) return this.#server.onRpc(method, data);
    const { service, webSocketId } = this.#server;
    const publication = await new PublicationParts(service, webSocketId).add(data);
    if (publication) await this.#publish(publication);
    return {};
  }

  async #presence(channel: string): Promise<Result> {
    return presenceOf(await this.#members(channel, 'presence'));
  }

  async #presenceStats(channel: string): Promise<Result> {
    return presenceStatsOf(await this.#members(channel, 'presence_stats'));
  }

  async #members(channel: string, what: string) {
    if (!allowsPresence(this.#server.service.channelRules, channel))
      throw errors.notAvailable(`${what} of ${channel}`);
    await this.#assertIn(channel);
    return this.#server.service.channel(channel).members();
  }

  async #history({ channel, limit = 0, since, reverse = false }: HistoryRequest): Promise<Result> {
    const { log } = this.#rule(channel);
    if (!log) throw errors.notAvailable(`history of ${channel}`);
    await this.#assertIn(channel);
    const position = since && { epoch: since.epoch ?? '', offset: since.offset ?? 0 };
    return historyOf(this.#server.service, log, {
      ...{ channel, limit, reverse, since: position },
      mostBytes: MAX_MESSAGE_BYTES,
    });
  }

  async #refresh(token: string | undefined): Promise<Result> {
    const server = this.#server;
    if (!token) throw disconnections.badRequest('refresh has no token');
    const { expiresAt, info } = await server.onRefresh({ token });
    if (info !== undefined && server.user !== undefined) await this.#identify({ user: server.user, info });
    const { subscriptions } = this.#state;
    await this.#keep({ ...(expiresAt !== undefined && { expiresAt }), subscriptions });
    return { client: server.webSocketId, version: 'shared-connection', ...this.#lifetime(expiresAt) };
  }

  /** The user is in the row of each channel, so what has not changed is not written. */
  async #identify(identity: Identity): Promise<void> {
    if (!isSameIdentity(identity, this.#server)) await this.#server.identify(identity);
  }

  async #refreshSubscription({
    channel,
    token,
    type,
  }: {
    channel: string;
    token?: string;
    type?: number;
  }): Promise<Result> {
    if (type) throw errors.notAvailable(`renewals of type ${type}`);
    if (!token) throw disconnections.badRequest('sub_refresh has no token');
    const decision = await this.#server.onSubscribe(channel, { channel, token });
    if (decision === false) throw errors.permissionDenied();
    const { expiresAt } = decision === true ? {} : decision;
    await this.#expire(channel, expiresAt);
    return this.#lifetime(expiresAt);
  }

  /** @throws ClientError for one channel too many, or one that was unsubscribed from at the same time */
  async #enter(channel: string, options: Parameters<RealtimeHooks['subscribe']>[1] = {}): Promise<void> {
    try {
      if (await this.#server.subscribe(channel, options)) return;
    } catch (error) {
      if (error instanceof TooManyChannelsError) throw errors.limitExceeded(`${error.limit} channels`);
      if (error instanceof InvalidValueError) throw errors.badRequest(error.message);
      throw error;
    }
    throw errors.badRequest(`${channel} was unsubscribed from at the same time`);
  }

  /** Clients may see what is in a channel that they are in. */
  async #assertIn(channel: string): Promise<void> {
    const { service, webSocketId } = this.#server;
    if (!(await service.channels.isIn(webSocketId, channel))) throw errors.permissionDenied();
  }

  /** Notes when a subscription expires, or that it no longer does. */
  async #expire(channel: string, expiresAt: number | undefined): Promise<void> {
    const { [channel]: before, ...others } = this.#state.subscriptions;
    if (before === expiresAt) return;
    const subscriptions = { ...others, ...(expiresAt !== undefined && { [channel]: expiresAt }) };
    const { expiresAt: ofConnection } = this.#state;
    this.#state = { ...this.#state, subscriptions };
    keepState(this.#server.attributes, {
      ...(ofConnection !== undefined && { expiresAt: ofConnection }),
      subscriptions,
    });
    await this.#save();
    if (expiresAt === undefined) return;
    await new Expirations(this.#server.service).note(this.#server.webSocketId, expiresAt, channel);
  }

  async #keep(state: Omit<ConnectionState, 'isConnected'>): Promise<void> {
    const { attributes, service, webSocketId } = this.#server;
    const { expiresAt } = state;
    this.#state = { ...state, isConnected: true };
    keepState(attributes, state);
    await this.#save();
    if (expiresAt !== undefined) await new Expirations(service).note(webSocketId, expiresAt);
  }

  #now(): number {
    return this.#server.service.backend.clock.now();
  }

  /** One after the other: what a later one has to save, an earlier one may have saved already. */
  #save(): Promise<void> {
    const saved = this.#saved.then(() => this.#server.saveAttributes());
    this.#saved = saved.catch(() => {});
    return saved;
  }

  #lifetime(expiresAt: number | undefined): { expires?: true; ttl?: number } {
    if (expiresAt === undefined) return {};
    const seconds = Math.ceil((expiresAt - this.#now()) / 1_000);
    if (seconds <= 0) throw errors.tokenExpired();
    return { expires: true, ttl: seconds };
  }

  #rule(channel: string) {
    return ruleOf(this.#server.service.channelRules, channel);
  }

  #internal({ method }: NamedCommand, error: unknown) {
    console.error(`The command ${method} of WebSocket ${this.#server.webSocketId} failed:`, error);
    return replyError(errors.internal());
  }

  /** An answer that API Gateway does not carry is refused, so that its client does not wait for it. */
  #reply(reply: { id: number; [result: string]: unknown }): void {
    const text = JSON.stringify(reply);
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_MESSAGE_BYTES)
      throw errors.limitExceeded(
        `the answer has ${bytes} bytes, and API Gateway sends at most ${MAX_MESSAGE_BYTES}`,
      );
    this.#replies.push(text);
  }

  async #flush(): Promise<void> {
    this.#flushedAt = this.#now();
    for (const frame of framesOfTexts(this.#replies.splice(0))) await this.#server.write(frame);
  }

  /** API Gateway sends no close code of our own, so the client is told first. */
  async #disconnect({ code, reason }: Disconnection): Promise<void> {
    this.#replies.push(pushText({ disconnect: { code, reason } }));
    await this.#flush();
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

/** Where the client was, if it wants to recover. */
function sinceOf(
  request: { recover?: boolean; epoch?: string; offset?: number } | undefined,
): Position | undefined {
  if (!request?.recover) return undefined;
  return { epoch: request.epoch ?? '', offset: request.offset ?? 0 };
}
