/**
 * One channel of a service, for any process: publish to it, read its history, subscribe connections, and unsubscribe
 * them.
 */
import type { Member } from '../connections/connection-items';
import { identityOf, type KnownIdentity } from '../connections/identity';
import { openMember } from '../connections/open-member';
import { allOver } from '../delivery/all-over';
import type { DeliveryReport } from '../delivery/delivery-report';
import type { PublishOptions } from '../fan-out/fan-out';
import { jsonText } from '../messages/json-text';
import type { ChannelPresence } from '../presence/channel-presence';
import { type PresentUser, presentUsers } from '../presence/presence-form';
import type { ServiceContext } from '../service-context';
import { assertChannelName } from './channel-names';
import { type ChannelRule, ruleOf } from './channel-rules';
import type { ClientRequest } from './client-order';
import { defaultFrames } from './log/channel-frames';
import { ChannelLog, type SubscribeOptions } from './log/channel-log';
import type { History, HistoryOptions } from './log/history';
import { type Position, WHOLE_CHANNEL } from './log/log-items';

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
  readonly #log: ChannelLog;

  /** Created by `service.channel(name)`. @throws InvalidValueError for an invalid name */
  constructor(
    private readonly service: ChannelService,
    readonly name: string,
  ) {
    assertChannelName(name);
    this.rule = ruleOf(service.channelRules, name);
    this.#log = new ChannelLog(service, name, this.rule.log);
  }

  /**
   * Sends `data`, any JSON value, to everyone in the channel. In a channel with a log, it becomes a line of the log:
   * it is stored, and reaches each member once and in order. Without a log, it is sent as JSON, and text unchanged.
   * @throws InvalidValueError for a value that JSON cannot represent, MessageTooLargeError, PublicationFailedError
   */
  async publish(data: unknown, { info, ...options }: ChannelPublishOptions = {}): Promise<Published> {
    const position = await this.#log.publish(data, info, options.except);
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

  /** Whether the channel has a log: from the class's rules or, if the class is not known, from the table. */
  hasLog(): Promise<boolean> {
    return this.#log.exists();
  }

  /**
   * What the log keeps: the oldest lines first, or the newest with `reverse`.
   * @throws InvalidUseError for a channel without a log
   */
  history(options: HistoryOptions = {}): Promise<History> {
    return this.#log.history(options);
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

  /**
   * Subscribes a connection to the channel's log. The client receives its position and the lines that it has missed.
   * For `WebSocketServer.subscribe`.
   */
  async join(member: Member, options: SubscribeOptions, most?: number, by?: ClientRequest): Promise<boolean> {
    if (!(await this.#log.join(member, options, most, by))) return false;
    await this.service.presence.joined(member, [this.name]);
    return true;
  }

  /** Posts what is waiting, in an invocation of its own. */
  post(range = WHOLE_CHANNEL): Promise<void> {
    return this.#log.post(range);
  }

  /** Posts what a crashed poster has left. Returns whether there was nothing to do and no poster is active. */
  mend(range = WHOLE_CHANNEL): Promise<boolean> {
    return this.#log.mend(range);
  }

  /** A connection, with its own service. */
  async #open(webSocketId: string): Promise<{ member: Member; service: ChannelService }> {
    const { member } = await openMember(webSocketId, this.service.backend);
    return { member, service: this.service.other(member.service) };
  }
}

/** @throws InvalidValueError */
function jsonOf(data: unknown): string {
  return jsonText(data, 'A publication must be JSON');
}
