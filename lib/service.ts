/** A service as any process sees it: who is connected to it, what it publishes, its channels and its web sessions. */
import { Channel } from './channels/channel';
import { ruleOf } from './channels/channel-rules';
import { assertChannelName } from './channels/channel-store';
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
  /** Who is in which channel, and telling the others. */
  readonly presence = new ChannelPresence(this);

  /** Any service of the same table, as a process knows it that does not know its class. */
  other(name: string): Service {
    return new Service(name, { backend: this.backend, deadline: this.deadline });
  }

  /** One channel: publish to it, put connections into it. @throws InvalidValueError for a name that is not valid */
  channel(name: string): Channel {
    return new Channel(this, name);
  }

  /** The sockets that were opened from one web session, by its `sessionId`. */
  session(sessionId: string): Session {
    return new Session(this, sessionId);
  }

  /**
   * The `sessionId` of sockets that were opened with this session cookie, for a web application that has the cookie at hand: its
   * value as the `Cookie` header has it, without quotes.
   */
  sessionIdOfCookie(value: string): string {
    return sessionIdOfCookie(this.name, value);
  }

  /**
   * Posts `data` (text, bytes, or what JSON takes) to everyone, or to the members given. Disconnected members are cleaned up. A delivery
   * to everyone is split over invocations of the service's function if they are many.
   * @throws InvalidValueError for data that JSON does not take, MessageTooLargeError
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
   * The report so far of a delivery that was split over workers, by its `id`. It is kept for a day. `undefined` for any other: what
   * the caller delivers by itself is not stored.
   */
  report(id: string): Promise<DeliveryReport | undefined> {
    return new ShareStore(this.backend.table, this.backend.clock).report(id);
  }

  /**
   * Posts `data` (text, bytes, or what JSON takes) to everyone who is in the channel, or in any of several: to each once. Every member whose
   * subscription was acknowledged before, and who stays connected, gets it. A publication to one channel is split over invocations of
   * the service's function if its members are many.
   * @throws InvalidValueError for a name that is not valid, MessageTooLargeError
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
      `The channel ${channel} has a log, and a line that service.publish sends would not be in it. Publish with service.channel(${JSON.stringify(channel)}).publish(data).`,
    );
  }

  /** Ids are remembered only where one could come twice. */
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
   * Notes whom a connection belongs to, in each of its rows. `false` if it has closed, or a later request has identified it.
   * @throws InvalidValueError for a user or an info that is too large
   */
  async identify(member: Member, identity: Identity, by: IdentifyingRequest): Promise<boolean> {
    return new Identification(this, member).run(validIdentity(identity), by);
  }

  /**
   * Puts a connection into a channel, and tells the others of it. `false` if it has closed, or somebody unsubscribed it meanwhile.
   * @throws TooManyChannelsError if it would be in more than `most`, InvalidValueError for a name that is not valid
   */
  async subscribe(member: Member, channel: string, most?: number, by?: ClientRequest): Promise<boolean> {
    const isIn = await this.channels.subscribe(member, channel, most, by);
    if (isIn) await this.presence.joined(member, [channel]);
    return isIn;
  }

  /** Takes a connection out of a channel, and tells the others of it. `false` if it was not in it. @throws InvalidValueError */
  async unsubscribe(member: Member, channel: string, by?: ClientRequest): Promise<boolean> {
    const wasIn = await this.channels.unsubscribe(member, channel, by);
    if (wasIn) await this.presence.left(member, [channel]);
    return wasIn;
  }
}
