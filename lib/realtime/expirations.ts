/**
 * Connections and subscriptions that expire unless their tokens are renewed. Their clients renew them in time. The
 * sweep ends the others, up to one sweep late. Until then, each message of an expired connection is refused.
 *
 * A renewal does not delete the row of the earlier expiry. The sweep does, at the same cost, while no client waits.
 * This also covers a renewal that has crashed.
 *
 * EXPIRING#{service} / {time}#{id}             the connection may expire at this time EXPIRING#{service} /
 * {time}#{id}#{channel}   its subscription to the channel may
 */

import type { Member } from '../connections/connection-items';
import { ifConnected } from '../connections/if-connected';
import { SharedConnection } from '../connections/shared-connection';
import { allOver } from '../delivery/all-over';
import { turnsOf } from '../delivery/in-turns';
import type { Service } from '../service';
import { always } from '../table/conditions';
import { expiryAfter, type Item } from '../table/item';
import { pages } from '../table/table';
import { stateIn } from './connection-state';
import { pushText } from './protocol';
import { disconnections, UNSUBSCRIBED } from './realtime-errors';

/**
 * How much later than its token a connection expires, because its client asks for a new token only then.
 * Source: Centrifugo's `client.expired_close_delay`.
 */
export const GRACE_MILLISECONDS = 25_000;
const AT_A_TIME = 25;
const KEPT_SECONDS = 24 * 60 * 60;
const DIGITS = 15;

export function isExpired(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && now > expiresAt + GRACE_MILLISECONDS;
}

export class Expirations {
  constructor(private readonly service: Service) {}

  /** One write. */
  async note(webSocketId: string, expiresAt: number, channel?: string): Promise<void> {
    const time = String(expiresAt + GRACE_MILLISECONDS).padStart(DIGITS, '0');
    await this.service.backend.table.put(
      {
        pk: this.#pk,
        sk: `${time}#${webSocketId}${channel === undefined ? '' : `#${channel}`}`,
        expiresAt: expiryAfter(expiresAt, KEPT_SECONDS),
      },
      always,
    );
  }

  /** Called by the sweep: ends expired connections and subscriptions. The next sweep retries what fails. */
  async end(): Promise<void> {
    const { backend, deadline } = this.service;
    const { table, clock } = backend;
    for await (const page of pages(table, { pk: this.#pk, prefix: '' })) {
      for (const some of turnsOf(page, AT_A_TIME)) {
        const now = clock.now();
        const due = some.filter(({ sk }) => Number(sk.slice(0, DIGITS)) < now);
        if (now > deadline) return;
        await allOver(due.map((item) => this.#endAndForget(item, now)));
        if (due.length < some.length) return;
      }
    }
  }

  async #endAndForget(item: Item, now: number): Promise<void> {
    try {
      await ifConnected(this.#end(item, now));
      await this.service.backend.table.delete({ pk: item.pk, sk: item.sk }, always);
    } catch (error) {
      console.error(`${item.sk} of ${this.service.name} could not be ended: ${String(error)}`);
    }
  }

  /** Unless it was renewed or has closed. */
  async #end({ sk }: Item, now: number): Promise<void> {
    const { store, name } = this.service;
    const [, webSocketId = '', channel] = sk.split('#');
    const connection = await store.connection(webSocketId);
    if (connection?.state !== 'open') return;
    const { expiresAt, subscriptions } = stateIn(connection.attributes);
    const member: Member = { ...connection, service: name, left: false };
    if (channel === undefined && isExpired(expiresAt, now)) {
      const { code, reason } = disconnections.expired();
      try {
        await this.#to(member).write(pushText({ disconnect: { code, reason } }));
      } finally {
        await this.#to(member).end();
      }
    }
    if (channel !== undefined && isExpired(subscriptions[channel], now)) {
      await this.service.unsubscribe(member, channel);
      await this.#to(member).write(pushText({ channel, unsubscribe: UNSUBSCRIBED.expired }));
    }
  }

  #to(member: Member): SharedConnection {
    return new SharedConnection(this.service, member, 'hook');
  }

  get #pk(): string {
    return `EXPIRING#${this.service.name}`;
  }
}
