/** One channel of a service, as any process sees it: publish to it, read what it has kept, put connections into it, take them out. */
import type { Member } from '../connections/connection-items';
import { identityOf, type KnownIdentity } from '../connections/identity';
import { openMember } from '../connections/open-member';
import { allOver } from '../delivery/all-over';
import { MAX_MESSAGE_BYTES } from '../delivery/delivery';
import type { DeliveryReport } from '../delivery/delivery-report';
import { InvalidUseError, InvalidValueError, MessageTooLargeError } from '../errors';
import type { PublishOptions } from '../fan-out/fan-out';
import { jsonText } from '../messages/json-text';
import type { ChannelPresence } from '../presence/channel-presence';
import { type PresentUser, presentUsers } from '../presence/presence-form';
import type { ServiceContext } from '../service-context';
import { type ChannelRule, type LogRule, ruleOf } from './channel-rules';
import { assertChannelName } from './channel-store';
import type { ClientRequest } from './client-order';
import { defaultFrames } from './log/channel-frames';
import type { History, HistoryOptions } from './log/history';
import { LineLog, type LogOwner } from './log/line-log';
import { type LogState, type Position, posterKey, WHOLE_CHANNEL } from './log/log-items';
import { LoggedChannels } from './log/logged-channels';
import { Poster } from './log/poster';
import { isHeld } from './log/poster-lease';

export interface Published {
  /** Where the line is, in a channel with a log. Another process may post it to the members. */
  position?: Position;
  /** What became of the posts, in a channel without a log. */
  report?: DeliveryReport;
}

export interface ChannelPublishOptions extends PublishOptions {
  /** What the publisher says of itself, which is anything that JSON takes: handed to `encodeLines` or `encodePublication`. */
  info?: unknown;
}

/** Of a channel with a log. */
export interface SubscribeOptions {
  /** Where the client was when it was here last: it gets what it has missed since, if the log still has all of it. */
  since?: Position;
  /** What JSON takes: handed to `encodeJoined`, such as the id of the client's request. */
  request?: unknown;
  /** The client did not ask for it: handed to `encodeResubscribe`. @default false */
  byServer?: boolean;
}

/** What JSON and the names around it add to a line. */
const ENVELOPE_BYTES = 1_024;
const MOST_HISTORY = 10_000;

/** A connection in a channel. */
export interface ChannelMember extends KnownIdentity {
  webSocketId: string;
  /** When it came, in milliseconds since the epoch. */
  since: number;
}

/** What a channel uses of its service. */
interface ChannelService extends ServiceContext {
  readonly presence: ChannelPresence;
  publish(channel: string, data: unknown, options: PublishOptions): Promise<DeliveryReport>;
  subscribe(member: Member, channel: string): Promise<boolean>;
  unsubscribe(member: Member, channel: string): Promise<boolean>;
  other(name: string): ChannelService;
}

export class Channel {
  /** The server class's rule for this channel; undefined in a process that does not know the class. */
  readonly rule: ChannelRule;
  readonly #log: LineLog;

  /** Created by `service.channel(name)`. @throws InvalidValueError for an invalid name */
  constructor(
    private readonly service: ChannelService,
    readonly name: string,
  ) {
    assertChannelName(name);
    this.rule = ruleOf(service.channelRules, name);
    this.#log = new LineLog(service.backend, { service: service.name, channel: name });
  }

  /**
   * Sends `data`, which is anything that JSON takes, to everyone in the channel. In a channel with a log it is a line of it: it is kept, and
   * reaches each member once and in order. Without one it is sent as JSON, and text as it is.
   * @throws InvalidValueError for what JSON does not take, MessageTooLargeError, PublicationFailedError
   */
  async publish(data: unknown, { info, ...options }: ChannelPublishOptions = {}): Promise<Published> {
    const position = await this.#publishLine(data, info, options);
    if (position) return { position };
    return { report: await this.service.publish(this.name, this.#frameOf(data, info), options) };
  }

  /** What is encoded is not checked before: that would take as long again. */
  #frameOf(data: unknown, info: unknown): string {
    if (['undefined', 'function', 'symbol'].includes(typeof data)) jsonOf(data);
    try {
      return (this.service.frames ?? defaultFrames).encodePublication(this.name, data, info);
    } catch (error) {
      jsonOf(data);
      throw error;
    }
  }

  /** Whether it keeps what is published: as the class says, or, where that is not known, as the table does. */
  async hasLog(): Promise<boolean> {
    if (this.service.channelRules) return this.rule.log !== undefined;
    return (await this.#log.state()) !== undefined;
  }

  /**
   * What the log keeps: the oldest lines first, or the newest with `reverse`.
   * @throws InvalidUseError for a channel without a log
   */
  async history(options: HistoryOptions = {}): Promise<History> {
    const { limit = 100 } = options;
    if (!Number.isInteger(limit) || limit < 0 || limit > MOST_HISTORY) {
      throw new InvalidValueError(
        `limit is ${String(limit)}, but must be a whole number from 0 to ${MOST_HISTORY}.`,
      );
    }
    if (this.service.channelRules && !this.rule.log) throw this.#hasNoLog('history');
    const history = await this.#log.history(options);
    if (history) return history;
    if (!this.rule.log) throw this.#hasNoLog('history');
    const { epoch, offset } = await this.#log.begin(this.#owner(this.rule.log));
    return { epoch, offset, lines: [], ...(options.since && { recovered: false }) };
  }

  /** Every connection in the channel, in the order of joining: one consistent query. */
  async members(): Promise<ChannelMember[]> {
    const members: ChannelMember[] = [];
    for await (const member of this.service.channels.members(this.service.name, this.name)) {
      const { webSocketId, since = member.acceptedAt } = member;
      members.push({ webSocketId, ...identityOf(member), since });
    }
    return members.sort((a, b) => a.since - b.since || (a.webSocketId < b.webSocketId ? -1 : 1));
  }

  /** Every user in the channel, in the order of joining, with the number of their connections: one consistent query. */
  async presence(): Promise<PresentUser[]> {
    const members: Member[] = [];
    for await (const member of this.service.channels.members(this.service.name, this.name))
      members.push(member);
    return presentUsers(members);
  }

  /** Closes each connection of the user that is in the channel: its clients see code 1000. Returns how many there were. */
  async disconnect(user: string): Promise<number> {
    const closing: Promise<unknown>[] = [];
    for await (const member of this.service.channels.members(this.service.name, this.name)) {
      if (member.user === user) closing.push(this.service.backend.connections.delete(member));
    }
    await allOver(closing);
    return closing.length;
  }

  /** Puts a connection into the channel. @throws as `SharedConnection.open` and `SharedConnection.subscribe` */
  async subscribe(webSocketId: string): Promise<boolean> {
    const { member, service } = await this.#open(webSocketId);
    return service.subscribe(member, this.name);
  }

  /**
   * Unsubscribes a connection from the channel. @throws as `SharedConnection.open` and `SharedConnection.unsubscribe`
   */
  async unsubscribe(webSocketId: string): Promise<boolean> {
    const { member, service } = await this.#open(webSocketId);
    return service.unsubscribe(member, this.name);
  }

  /** Puts a connection into the channel's log; it is answered with its position, and what it has missed. For `WebSocketServer.subscribe`. */
  async join(
    member: Member,
    { since, request, byServer = false }: SubscribeOptions,
    most?: number,
    by?: ClientRequest,
  ): Promise<boolean> {
    const asked = {
      token: this.service.backend.token(),
      byServer,
      ...(by && { by }),
      ...(since && { since: positionOf(since) }),
      ...(request !== undefined && { request: jsonOf(request) }),
    };
    await new LoggedChannels(this.service).add(this.name);
    if (!(await this.service.channels.join(member, this.name, asked, most))) return false;
    await this.#wake({ serverFunction: member.serverFunction, hasLine: false });
    await this.service.presence.joined(member, [this.name]);
    return true;
  }

  /** Posts what is waiting, in an invocation of its own. */
  async post(range = WHOLE_CHANNEL): Promise<void> {
    await this.#poster(this.service.serverFunction, range)?.run({ hasLine: false, inline: false });
  }

  /** Posts what a poster that crashed has left. Returns whether there was nothing to do, and nobody posts. */
  async mend(range = WHOLE_CHANNEL): Promise<boolean> {
    return (await this.#poster(this.service.serverFunction, range)?.mend()) ?? true;
  }

  /** `undefined` if the channel has no log. */
  async #publishLine(data: unknown, info: unknown, options: PublishOptions): Promise<Position | undefined> {
    const { log: rule } = this.rule;
    if (!rule && (this.service.channelRules || !(await this.#log.state()))) return undefined;
    if ([options.except ?? []].flat().length > 0) {
      throw new InvalidUseError(
        `The channel ${this.name} has a log, whose lines everybody gets: a publication cannot leave anybody out (except).`,
      );
    }
    const text = { data: jsonOf(data), ...(info !== undefined && { info: jsonOf(info) }) };
    this.#assertFits(text, data, info);
    await new LoggedChannels(this.service).add(this.name);
    const log = await this.#log.append(text, rule && this.#owner(rule));
    if (!log) return undefined;
    await this.#wake({ serverFunction: log.serverFunction, hasLine: true, log });
    return { epoch: log.epoch, offset: log.offset };
  }

  /** Before it is stored: a line that cannot be sent must not be. */
  #assertFits(text: { data: string; info?: string }, data: unknown, info: unknown): void {
    const { frames, backend } = this.service;
    const bytes = frames
      ? Math.max(
          0,
          ...frames
            .encodeLines(this.name, [
              {
                ...{ epoch: 'x'.repeat(8), offset: Number.MAX_SAFE_INTEGER, at: backend.clock.now(), data },
                ...(info !== undefined && { info }),
              },
            ])
            .map((frame) => Buffer.byteLength(frame)),
        )
      : Buffer.byteLength(text.data) + Buffer.byteLength(text.info ?? '') + ENVELOPE_BYTES;
    if (bytes > MAX_MESSAGE_BYTES) {
      throw new MessageTooLargeError(bytes, MAX_MESSAGE_BYTES, Buffer.byteLength(text.data));
    }
  }

  /** Has the stored lines posted: here if this process may post, or else in an invocation of the service's own function. */
  async #wake({
    serverFunction,
    hasLine,
    log,
  }: {
    serverFunction: string;
    hasLine: boolean;
    log?: LogState;
  }): Promise<void> {
    const range = WHOLE_CHANNEL;
    const poster = this.#poster(serverFunction, range);
    if (!poster) return this.#ask(serverFunction, range);
    try {
      await poster.run({ hasLine, inline: true, ...(log && { epoch: log.epoch }) });
    } catch (error) {
      // What was to be done is stored: another invocation does it.
      console.error(`Posting to the channel ${this.name} failed: ${String(error)}`);
      await this.#requestLater(serverFunction, range);
    }
  }

  async #ask(serverFunction: string, range: string): Promise<void> {
    const { table, clock } = this.service.backend;
    const row = await table.get(posterKey(this.#log.name, range));
    if (!row || !isHeld(row, clock.now())) await this.#request(serverFunction, range);
  }

  async #request(serverFunction: string, range: string): Promise<void> {
    await this.service.backend.invoker.invoke(serverFunction, { type: 'post', channel: this.name, range });
  }

  /** If even this fails, the next publisher or the sweep posts it: nobody must think that it was not stored. */
  async #requestLater(serverFunction: string, range: string): Promise<void> {
    try {
      await this.#request(serverFunction, range);
    } catch (error) {
      console.error(`Another invocation could not be asked to post to ${this.name}: ${String(error)}`);
    }
  }

  #poster(serverFunction: string | undefined, range: string): Poster | undefined {
    const { service } = this;
    const { frames } = service;
    if (!frames) return undefined;
    return new Poster({
      ...{ service, frames, range, log: this.#log },
      begin: async () => this.rule.log && this.#log.begin(this.#owner(this.rule.log)),
      ...(serverFunction && { goOn: () => this.#request(serverFunction, range) }),
    });
  }

  #owner(rule: LogRule): LogOwner {
    return { rule, serverFunction: this.service.serverFunction ?? '' };
  }

  #hasNoLog(method: string): InvalidUseError {
    return new InvalidUseError(
      `The channel ${this.name} has no log, so ${method} has nothing to read. Give it one in \`static channels\` of its server class: { ${JSON.stringify(this.name)}: { log: { size: 100, seconds: 3600 } } }.`,
    );
  }

  /** A connection, with its own service. */
  async #open(webSocketId: string): Promise<{ member: Member; service: ChannelService }> {
    const { member } = await openMember(webSocketId, this.service.backend);
    return { member, service: this.service.other(member.service) };
  }
}

/** What a client sent as its position. @throws InvalidValueError for anything else */
function positionOf({ epoch, offset }: Position): Position {
  if (typeof epoch === 'string' && epoch.length <= 64 && Number.isSafeInteger(offset) && offset >= 0) {
    return { epoch, offset };
  }
  throw new InvalidValueError(
    `since must have an epoch, which is text, and an offset, which is a whole number of 0 or more, not ${JSON.stringify({ epoch, offset })}.`,
  );
}

/** @throws InvalidValueError */
function jsonOf(data: unknown): string {
  return jsonText(data, 'A publication must be JSON');
}
