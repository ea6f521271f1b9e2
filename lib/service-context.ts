/**
 * A service as the parts of the library share it in one process: its stores, what its class says of its channels, how posts reach its
 * members, and how its function is asked for work.
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

export class ServiceContext {
  readonly backend: Backend;
  /** Milliseconds since the epoch; infinite if there is none. */
  readonly deadline: number;
  readonly store: ConnectionStore;
  readonly channels: ChannelStore;
  /** How the members of a channel are told who is in it. */
  readonly presenceForm: PresenceFormOf;
  /** What the server class says of its channels; `undefined` in a process that does not know the class. */
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

  /** Everyone who is connected, as one consistent read of the table, page by page. */
  members(): AsyncIterable<Member> {
    return this.store.members(this.name);
  }

  /** Posts `text` to these members, by this process alone. */
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

  /** For the library's own use: tells those who operate the service of a delivery, or a worker's part of one. */
  note(note: Omit<DeliveryNote, 'service'>): void {
    this.backend.telemetry?.delivered({ service: this.name, ...note });
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

  /** Asks the service's own function to tell the members of a channel who is in it. */
  async requestPresence(channel: string, serverFunction = this.serverFunction): Promise<void> {
    if (serverFunction) await this.backend.invoker.invoke(serverFunction, { type: 'presence', channel });
  }

  /** Asks the service's own function to do its upkeep now. Elsewhere this does nothing: the sweep does it in time. */
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
