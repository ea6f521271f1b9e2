/** A service as any process sees it: who is connected to it, what it publishes, its channels and its web sessions. */
import { Channel } from './channels/channel';
import { assertChannelName } from './channels/channel-names';
import { ruleOf } from './channels/channel-rules';
import type { ClientRequest } from './channels/client-order';
import type { Member } from './connections/connection-items';
import { Identification } from './connections/identification';
import type { IdentifyingRequest } from './connections/identification-order';
import { type Identity, validIdentity } from './connections/identity';
import type { DeliveryReport } from './delivery/delivery-report';
import { InvalidUseError } from './errors';
import { FanOut, type FanOutOptions, type PublishOptions } from './fan-out/fan-out';
import { ShareStore } from './fan-out/shares';
import { messageText } from './messages/message-text';
import { ChannelPresence } from './presence/channel-presence';
import { ServiceContext } from './service-context';
import { Session, sessionIdOfCookie } from './sessions/session';

export class Service extends ServiceContext {
  /** Announces who is in which channel. */
  readonly presence = new ChannelPresence(this);

  /** Another service of the same table, without its server class. */
  other(name: string): Service {
    return new Service(name, { backend: this.backend, deadline: this.deadline });
  }

  /** A channel of this service: publish to it, or subscribe connections to it. @throws InvalidValueError for an invalid name */
  channel(name: string): Channel {
    return new Channel(this, name);
  }

  /** The sockets of a web session. */
  session(sessionId: string): Session {
    return new Session(this, sessionId);
  }

  /**
   * The `sessionId` of sockets that were opened with this session cookie, for a web application that has the cookie. `value` is as in
   * the `Cookie` header, without quotes.
   */
  sessionIdOfCookie(value: string): string {
    return sessionIdOfCookie(this.name, value);
  }

  /**
   * Posts `data` (text, bytes, or anything that JSON can express) to everyone, or to the members in `to`. Cleans up members that have
   * disconnected. If there are many, invocations of the service's function share a delivery to everyone.
   * @throws InvalidValueError for data that JSON cannot express, MessageTooLargeError
   */
  async deliver(
    data: unknown,
    { to, ...options }: FanOutOptions & { to?: AsyncIterable<Member> | Iterable<Member> } = {},
  ): Promise<DeliveryReport> {
    const text = messageText(data);
    if (to) return this.deliverAlone(text, to, options);
    return new FanOut(this).run({ except: [] }, text, options);
  }

  /**
   * The report so far of a delivery that was split over workers, by its `id`, for one day. `undefined` for any other delivery: only split
   * ones are stored.
   */
  report(id: string): Promise<DeliveryReport | undefined> {
    return new ShareStore(this.backend.table, this.backend.clock).report(id);
  }

  /**
   * Posts `data` (text, bytes, or anything that JSON can express) to everyone in the channel, or in any of several channels, once each.
   * Every member that was subscribed before the call, and stays connected, gets it. If there are many, invocations of the service's
   * function share a publication to one channel.
   * @throws InvalidValueError for an invalid name or data that JSON cannot express, InvalidUseError for a channel with a log,
   * MessageTooLargeError
   */
  publish(
    channel: string | string[],
    data: unknown,
    { except = [], ...options }: PublishOptions = {},
  ): Promise<DeliveryReport> {
    const channels = [channel].flat();
    for (const name of channels) this.#assertHasNoLog(name);
    const [only, ...others] = channels;
    const passed = [except].flat();
    if (only !== undefined && others.length === 0) {
      return new FanOut(this).run({ channel: only, except: passed }, messageText(data), options);
    }
    return this.deliver(data, { ...options, to: this.#membersOf(channels, new Set(passed)) });
  }

  #assertHasNoLog(channel: string): void {
    assertChannelName(channel);
    if (!ruleOf(this.channelRules, channel).log) return;
    throw new InvalidUseError(
      `The channel ${channel} has a log, but service.publish does not store what it sends. Publish with service.channel(${JSON.stringify(channel)}).publish(data).`,
    );
  }

  /** Remembers ids only for several channels, where one may come twice. */
  async *#membersOf(channels: string[], passed: Set<string>): AsyncGenerator<Member, void, undefined> {
    for (const channel of channels) {
      for await (const member of this.channels.members(this.name, channel)) {
        if (passed.has(member.webSocketId)) continue;
        if (channels.length > 1) passed.add(member.webSocketId);
        yield member;
      }
    }
  }

  /**
   * Stores the user of a connection in each of its rows. `false` if the connection has closed, or a later request has identified it.
   * @throws InvalidValueError for a user or an info that is too large
   */
  async identify(member: Member, identity: Identity, by: IdentifyingRequest): Promise<boolean> {
    return new Identification(this, member).run(validIdentity(identity), by);
  }

  /**
   * Subscribes a connection to a channel, and announces it. `false` if it has closed, or was unsubscribed in the
   * meantime.
   * @throws TooManyChannelsError if it would be in more than `most` channels, InvalidValueError for an invalid name
   */
  async subscribe(member: Member, channel: string, most?: number, by?: ClientRequest): Promise<boolean> {
    const isIn = await this.channels.subscribe(member, channel, most, by);
    if (isIn) await this.presence.joined(member, [channel]);
    return isIn;
  }

  /** Unsubscribes a connection from a channel, and announces it. `false` if it was not subscribed. @throws InvalidValueError for an invalid name */
  async unsubscribe(member: Member, channel: string, by?: ClientRequest): Promise<boolean> {
    const wasIn = await this.channels.unsubscribe(member, channel, by);
    if (wasIn) await this.presence.left(member, [channel]);
    return wasIn;
  }
}
