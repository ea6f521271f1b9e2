/**
 * Announces who is in a channel, for channels whose rule asks for it (`joinLeave`). A process that changes a channel's members counts
 * the change and, unless another process is about to, invokes the service's function to notify the others. So no hook waits for posts.
 */
import { ChannelRound } from '../channels/channel-round';
import { ruleOf } from '../channels/channel-rules';
import { LAST_RESORT_SECONDS, type Member } from '../connections/connection-items';
import { isSameIdentity, type KnownIdentity, withIdentity } from '../connections/identity';
import { allOver } from '../delivery/all-over';
import type { ServiceContext } from '../service-context';
import { always, equals } from '../table/conditions';
import { expiryAfter } from '../table/item';
import { Presence } from './presence';
import type { PresenceForm } from './presence-form';
import { registryPk } from './presence-items';

/** What one channel's list may take. */
const MEND_MILLISECONDS = 10_000;

type Who = Pick<Member, 'webSocketId' | 'serverFunction' | 'user' | 'info'>;

/** A connection before and after a change; `undefined` where it was or is not in the channel. */
interface Move {
  before?: Who;
  after?: Who;
  isNew?: boolean;
}

export class ChannelPresence {
  constructor(private readonly service: ServiceContext) {}

  /** A connection has joined channels. It gets a list itself, too. */
  async joined(member: Who, channels: Iterable<string>): Promise<void> {
    await this.#changed(member, channels, { after: member, isNew: true });
  }

  /** A connection has left channels. */
  async left(member: Who, channels: Iterable<string>): Promise<void> {
    await this.#changed(member, channels, { before: member });
  }

  /** The user of a connection that is in channels has changed, or the info about that user. */
  async identified(member: Member, before: KnownIdentity, channels: Iterable<string>): Promise<void> {
    if (isSameIdentity(member, before)) return;
    await this.#changed(member, channels, { before: withIdentity(member, before), after: member });
  }

  /** Sends the members of a channel what they have not been sent yet, unless another process does. */
  async post(channel: string): Promise<void> {
    const presence = this.#of(channel);
    if (!presence) return;
    const { table, clock, token } = this.service.backend;
    const expiresAt = expiryAfter(clock.now(), LAST_RESORT_SECONDS);
    // From now on, sweeps check this channel, too.
    await table.put({ pk: registryPk(this.service.name), sk: channel, token: token(), expiresAt }, always);
    await presence.post();
  }

  /** Repairs what crashed processes left, in each channel, until the time is over. The next sweep continues there. */
  async mendAll(): Promise<void> {
    const pk = registryPk(this.service.name);
    const round = new ChannelRound(this.service, { pk, reserveMilliseconds: MEND_MILLISECONDS });
    await round.run(async (channel, { sk, token }) => {
      const presence = this.#of(channel);
      await presence?.mend();
      const isEmpty = !presence || (await presence.members()).length === 0;
      // The next process to join puts it again.
      if (isEmpty) await this.service.backend.table.delete({ pk, sk }, equals('token', token as string));
    });
  }

  async #changed(who: Who, channels: Iterable<string>, { before, after, isNew }: Move): Promise<void> {
    await allOver(
      [...channels].map(async (channel) => {
        const form = this.#formOf(channel);
        const users = [...new Set([before, after].flatMap((one) => (one && form?.keysOf?.(one)) || []))];
        if (users.length === 0 && !isNew) return;
        const change = { users, ...(isNew && { newcomer: who.webSocketId }) };
        if (!(await this.#of(channel)?.count(change))) return;
        await this.service.requestPresence(channel, who.serverFunction);
      }),
    );
  }

  #of(channel: string): Presence<unknown> | undefined {
    const { service } = this;
    const form = this.#formOf(channel);
    return form && new Presence(service, form, { channel, goOn: () => service.requestPresence(channel) });
  }

  /** `undefined` if members are not notified, or if this process does not know the rule. */
  #formOf(channel: string): PresenceForm<unknown> | undefined {
    const { joinLeave } = ruleOf(this.service.channelRules, channel);
    if (!joinLeave) return undefined;
    return this.service.presenceForm(channel, joinLeave === 'lists' ? 'lists' : 'differences');
  }
}
