/** A service as any process sees it: who is connected to it, and posts to all of them. */
import { type Backend, defaultBackend } from './backend';
import { Channel } from './channels/channel';
import { type ChannelRules, channelRulesOf, ruleOf } from './channels/channel-rules';
import { assertChannelName, ChannelStore } from './channels/channel-store';
import type { ClientRequest } from './channels/client-order';
import { type ChannelFrames, framesOfClass } from './channels/log/channel-frames';
import type { Member } from './connections/connection-items';
import { ConnectionStore, type IdentifyingRequest } from './connections/connection-store';
import { Identification } from './connections/identification';
import { type Identity, validIdentity } from './connections/identity';
import {
  type DeliveryCollaborators,
  type DeliveryOptions,
  deliver,
  type Unreached,
} from './delivery/delivery';
import { type DeliveryCounts, type DeliveryReport, membersIn } from './delivery/delivery-report';
import { InvalidUseError, InvalidValueError } from './errors';
import { FanOut, type FanOutOptions } from './fan-out/fan-out';
import { ShareStore } from './fan-out/shares';
import { messageText } from './messages/message-text';
import { ChannelPresence } from './presence/channel-presence';
import {
  channelForm,
  type PresenceForm,
  type PresenceFormOf,
  type PresenceFrame,
} from './presence/presence-form';
import { Session, sessionIdOfCookie } from './sessions/session';
import type { DeliveryNote } from './telemetry/telemetry';

export interface ServiceOptions {
  backend?: Backend;
  /** Milliseconds since the epoch: work is given up, or handed on, in time before it. @default none */
  deadline?: number;
  /** The function that does the service's upkeep, where it is known: in the service's own functions. */
  serverFunction?: string;
  /** The service's server class, where it is known: it says what its channels keep. */
  serverClass?: ChannelClass;
}

/** What a server class says of its channels. */
export interface ChannelClass extends Partial<ChannelFrames> {
  name: string;
  channels?: ChannelRules;
  encodePresence?: PresenceFrame;
  presenceForm?: PresenceFormOf;
}

export interface PublishOptions extends FanOutOptions {
  /** WebSocket ids that do not get it. @default none */
  except?: string | string[];
}

export class Service {
  readonly backend: Backend;
  readonly deadline: number;
  readonly store: ConnectionStore;
  readonly channels: ChannelStore;
  /** Who is in which channel, told to the others. */
  readonly presence: ChannelPresence;
  /** How members of a channel are sent who is in it. */
  readonly presenceForm: PresenceFormOf;
  /** What the server class says of its channels; `undefined` in a process that does not know it. */
  readonly channelRules: ChannelRules | undefined;
  /** How its logs speak; `undefined` in a process that does not know the class. */
  readonly frames: ChannelFrames | undefined;
  readonly serverFunction: string | undefined;

  /** @throws InvalidValueError for a name with other characters than letters, digits, `_`, `-` and `.` */
  constructor(
    readonly name: string,
    options: ServiceOptions = {},
  ) {
    if (!/^[A-Za-z0-9_.-]{1,128}$/.test(name)) {
      throw new InvalidValueError(
        `The service name ${JSON.stringify(name)} is not valid: 1 to 128 letters, digits, "_", "-" and "." are allowed.`,
      );
    }
    this.backend = options.backend ?? defaultBackend();
    this.deadline = options.deadline ?? Number.POSITIVE_INFINITY;
    this.serverFunction = options.serverFunction;
    this.frames = options.serverClass && framesOfClass(options.serverClass);
    this.channelRules = options.serverClass && channelRulesOf(options.serverClass);
    this.store = new ConnectionStore(this.backend.table, this.backend.clock);
    this.channels = new ChannelStore(this.backend.table, this.backend.clock);
    const { serverClass } = options;
    this.presenceForm = (channel, tells) =>
      serverClass?.presenceForm?.(channel, tells) ??
      (channelForm(channel, tells, serverClass?.encodePresence) as PresenceForm<unknown>);
    this.presence = new ChannelPresence(this);
  }

  /** Any service of the same table, as a process knows it that does not know its class. */
  other(name: string): Service {
    return new Service(name, { backend: this.backend, deadline: this.deadline });
  }

  /** Everyone who is connected, as one consistent read of the table, page by page. */
  members(): AsyncIterable<Member> {
    return this.store.members(this.name);
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
    if (!to) return new FanOut(this).run({ except: [] }, text, options);
    const { clock, token } = this.backend;
    const begunAt = clock.now();
    const counts = await this.deliverTo(to, text, options);
    const report = {
      ...{ id: token(), members: membersIn(counts), ...counts, workers: 0, unfinished: 0 },
      seconds: (clock.now() - begunAt) / 1_000,
    };
    this.note({ counts, report });
    return report;
  }

  /** For the library's own use: tells those who operate the service of a delivery, or a worker's part of one. */
  note(note: Omit<DeliveryNote, 'service'>): void {
    this.backend.telemetry?.delivered({ service: this.name, ...note });
  }

  /** For the library's own use: this process posts to these members. `decided` is called with the outcome of each. */
  deliverTo(
    to: AsyncIterable<Member> | Iterable<Member>,
    text: string,
    options: DeliveryOptions = {},
    decided?: DeliveryCollaborators['decided'],
  ): Promise<DeliveryCounts> {
    const collaborators = { ...this.#collaborators(), ...(decided && { decided }) };
    return deliver(to, text, collaborators, { deadline: this.deadline, ...options });
  }

  /**
   * The report so far of a delivery that was split over workers, by its `id`. It is kept for a day. `undefined` for any other: what
   * the caller delivers by itself is not stored.
   */
  report(id: string): Promise<DeliveryReport | undefined> {
    return new ShareStore(this.backend.table, this.backend.clock).report(id);
  }

  /**
   * Posts frames to members, one after the other to each, and none of them twice. Calls `unreached` for members that are still
   * connected but did not get everything: how many frames they got, and why no more.
   */
  async deliverOnce(
    frames: readonly string[],
    {
      to,
      deadline,
      unreached,
    }: {
      to: AsyncIterable<Member> | Iterable<Member>;
      deadline: number;
      unreached: (member: Member, sent: number, why: Unreached) => void;
    },
  ): Promise<DeliveryCounts> {
    const counts = await deliver(to, frames, { ...this.#collaborators(), unreached }, { deadline });
    this.note({ counts });
    return counts;
  }

  #collaborators(): DeliveryCollaborators {
    const { connections, clock, random } = this.backend;
    return {
      ...{ connections, clock, random },
      settle: (members) => this.requestSettlement(members),
      hasLeft: async (member) => (await this.store.member(member))?.left ?? true,
    };
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

  /** Asks the members' own functions to make sure that they have gone, and to settle their departures. */
  async requestSettlement(members: Member[]): Promise<void> {
    const byFunction = new Map<string, Member[]>();
    for (const member of members) {
      byFunction.set(member.serverFunction, [...(byFunction.get(member.serverFunction) ?? []), member]);
    }
    for (const [serverFunction, gone] of byFunction) {
      await this.backend.invoker.invoke(serverFunction, {
        type: 'settle',
        members: gone.map(({ service, webSocketId, channel }) => ({
          ...{ service, webSocketId },
          ...(channel !== undefined && { channel }),
        })),
      });
    }
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

  /** Asks the service's own function to tell the members of a channel who is in it. */
  async requestPresence(channel: string, serverFunction = this.serverFunction): Promise<void> {
    if (serverFunction) await this.backend.invoker.invoke(serverFunction, { type: 'presence', channel });
  }

  /** Asks the service's own function to do its upkeep now. Elsewhere this does nothing: the sweep does it in time. */
  async requestUpkeep(): Promise<void> {
    if (this.serverFunction) await this.backend.invoker.invoke(this.serverFunction, { type: 'upkeep' });
  }
}
