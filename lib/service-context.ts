/**
 * What the parts of the library share about a service in one process: its stores, the settings of its class, and the ways to post to its
 * members and to invoke its function.
 */
import { type Backend, defaultBackend } from './backend';
import { type ChannelRules, channelRulesOf } from './channels/channel-rules';
import { ChannelStore } from './channels/channel-store';
import { type ChannelFrames, framesOfClass } from './channels/log/channel-frames';
import type { Member } from './connections/connection-items';
import { ConnectionStore } from './connections/connection-store';
import {
  type DeliveryCollaborators,
  type DeliveryOptions,
  deliver,
  type Unreached,
} from './delivery/delivery';
import { type DeliveryCounts, type DeliveryReport, membersIn } from './delivery/delivery-report';
import { InvalidValueError } from './errors';
import {
  channelForm,
  type PresenceForm,
  type PresenceFormOf,
  type PresenceFrame,
} from './presence/presence-form';
import type { DeliveryNote } from './telemetry/telemetry';

export interface ServiceOptions {
  backend?: Backend;
  /** Milliseconds since the epoch: work stops, or moves to another invocation, before this time. @default none */
  deadline?: number;
  /** The function that does the service's upkeep. Only the service's own functions know it. */
  serverFunction?: string;
  /** The service's server class, which has the rules of its channels. Other processes need not know it. */
  serverClass?: ChannelClass;
}

/** The part of a server class that concerns its channels. */
export interface ChannelClass extends Partial<ChannelFrames> {
  name: string;
  channels?: ChannelRules;
  encodePresence?: PresenceFrame;
  presenceForm?: PresenceFormOf;
}

export class ServiceContext {
  readonly backend: Backend;
  /** Milliseconds since the epoch; infinite if there is none. */
  readonly deadline: number;
  readonly store: ConnectionStore;
  readonly channels: ChannelStore;
  /** How a channel's members learn who is in it. */
  readonly presenceForm: PresenceFormOf;
  /** The channel rules of the server class; `undefined` in a process that does not know the class. */
  readonly channelRules: ChannelRules | undefined;
  /** How the class encodes what its channels send; `undefined` in a process that does not know the class. */
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
    const { serverClass } = options;
    this.backend = options.backend ?? defaultBackend();
    this.deadline = options.deadline ?? Number.POSITIVE_INFINITY;
    this.serverFunction = options.serverFunction;
    this.frames = serverClass && framesOfClass(serverClass);
    this.channelRules = serverClass && channelRulesOf(serverClass);
    this.store = new ConnectionStore(this.backend.table, this.backend.clock);
    this.channels = new ChannelStore(this.backend.table, this.backend.clock);
    this.presenceForm = (channel, tells) =>
      serverClass?.presenceForm?.(channel, tells) ??
      (channelForm(channel, tells, serverClass?.encodePresence) as PresenceForm<unknown>);
  }

  /** Everyone who is connected. Reads the table consistently, page by page. */
  members(): AsyncIterable<Member> {
    return this.store.members(this.name);
  }

  /** Posts `text` to these members from this process, without help from other invocations. */
  async deliverAlone(
    text: string,
    to: AsyncIterable<Member> | Iterable<Member>,
    options: DeliveryOptions = {},
  ): Promise<DeliveryReport> {
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

  /** For internal use. Like `deliverAlone`, without a report; calls `decided` with each member's outcome. */
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
   * Posts frames to members: to each one after the other, and none twice. Calls `unreached` for each member that is still connected but
   * did not get every frame, with the number of frames that it got and the reason. Calls `decided` for each member, before that,
   * and `throttled` when a member begins to wait after a 429, and when it waits no longer.
   */
  async deliverOnce(
    frames: readonly string[],
    {
      to,
      deadline,
      unreached,
      decided = () => {},
      throttled = () => {},
    }: {
      to: AsyncIterable<Member> | Iterable<Member>;
      deadline: number;
      unreached: (member: Member, sent: number, why: Unreached) => void;
      decided?: (member: Member) => void;
      throttled?: (member: Member, isWaiting: boolean) => void;
    },
  ): Promise<DeliveryCounts> {
    const collaborators = { ...this.#collaborators(), unreached, decided, throttled };
    const counts = await deliver(to, frames, collaborators, { deadline });
    this.note({ counts });
    return counts;
  }

  /** For internal use. Reports a delivery, or a worker's part of one, to the telemetry. */
  note(note: Omit<DeliveryNote, 'service'>): void {
    this.backend.telemetry?.delivered({ service: this.name, ...note });
  }

  /** Requests a cleanup of members that seem disconnected. Their own functions check first. */
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

  /** Has the service's function tell the members of a channel who is in it. */
  async requestPresence(channel: string, serverFunction = this.serverFunction): Promise<void> {
    if (serverFunction) await this.backend.invoker.invoke(serverFunction, { type: 'presence', channel });
  }

  /** Has the service's function do its upkeep now. Does nothing in other processes: the next sweep does it. */
  async requestUpkeep(): Promise<void> {
    if (this.serverFunction) await this.backend.invoker.invoke(this.serverFunction, { type: 'upkeep' });
  }

  #collaborators(): DeliveryCollaborators {
    const { connections, clock, random } = this.backend;
    return {
      ...{ connections, clock, random },
      settle: (members) => this.requestSettlement(members),
      hasLeft: async (member) => (await this.store.member(member))?.left ?? true,
    };
  }
}
