/**
 * Stores the user of a connection in all of its rows. The connection's own row holds the truth, and the others follow
 * it.
 */

import type { ChannelStore } from '../channels/channel-store';
import { inTurns } from '../delivery/in-turns';
import type { ChannelPresence } from '../presence/channel-presence';
import type { Member } from './connection-items';
import type { ConnectionStore } from './connection-store';
import { type IdentifyingRequest, identificationOrder } from './identification-order';
import { type Identity, identityOf, isSameIdentity, type KnownIdentity, withIdentity } from './identity';

const ROWS_AT_A_TIME = 25;

/** What an identification uses of its service. */
interface IdentifyingService {
  readonly store: ConnectionStore;
  readonly channels: ChannelStore;
  readonly presence: ChannelPresence;
}

export class Identification {
  constructor(
    private readonly service: IdentifyingService,
    private readonly member: Member,
  ) {}

  /**
   * `false` if the connection has closed, or a later request has identified it. A process that writes the other rows
   * then reads the connection: if two identifications overtake each other, the last writer sees which one wins.
   */
  async run(identity: Identity, by: IdentifyingRequest): Promise<boolean> {
    const { store, channels } = this.service;
    const { webSocketId } = this.member;
    if (!(await store.identify(webSocketId, identity, by))) return false;
    const joined = await channels.channelsOf(webSocketId);
    const { member } = this;
    const before = identityOf(member);
    for (let [known, order]: [KnownIdentity, string] = [identity, identificationOrder(by)]; ; ) {
      await this.#write(known, order, joined);
      const connection = await store.connection(webSocketId);
      if (connection?.state !== 'open' || isSameIdentity(connection, known)) {
        await this.service.presence.identified(withIdentity(member, known), before, joined);
        return true;
      }
      known = identityOf(connection);
      order = connection.identifiedAt ?? order;
    }
  }

  async #write(identity: KnownIdentity, order: string, channels: string[]): Promise<void> {
    const { service, webSocketId } = this.member;
    await this.service.store.identifyMember({ service, webSocketId }, identity, order);
    await inTurns(channels, ROWS_AT_A_TIME, (channel) =>
      this.service.channels.identifyMember({ service, webSocketId, channel }, identity, order),
    );
  }
}
