/** A web session as any process sees it: the sockets that belong to it. */

import { createHash } from 'node:crypto';
import type { Backend } from '../backend';
import type { Member } from '../connections/connection-items';
import type { ConnectionStore } from '../connections/connection-store';
import { turnsOf } from '../delivery/in-turns';
import { SessionStore } from './session-store';

const READS_AT_A_TIME = 20;

/** What a session uses of its service. */
interface SessionService {
  readonly name: string;
  readonly backend: Backend;
  readonly store: Pick<ConnectionStore, 'member'>;
}

export class Session {
  constructor(
    private readonly service: SessionService,
    /** The `sessionId` of its sockets: a principal, or the hash of a cookie. */
    readonly id: string,
  ) {}

  /** The session's sockets, for `service.deliver(data, { to })`. Reads one item, and one more for each socket, consistently. */
  async *members(): AsyncGenerator<Member, void, undefined> {
    if (this.id === '') return;
    const { backend, store, name: service } = this.service;
    const sockets = await new SessionStore(backend.table, backend.clock).sockets({
      service,
      sessionId: this.id,
    });
    for (const some of turnsOf(sockets, READS_AT_A_TIME)) {
      const members = await Promise.all(some.map((webSocketId) => store.member({ service, webSocketId })));
      for (const member of members) if (member && !member.left) yield member;
    }
  }
}

/**
 * The session id for a cookie's value: the SHA-256 of the service's name, a line feed and the value as the `Cookie`
 * header has it, without quotes, in URL-safe base64. The value itself is never stored. Because of the name, equal
 * cookies of two services are two sessions, and the ids of one reveal nothing about the other.
 */
export function sessionIdOfCookie(service: string, value: string): string {
  return createHash('sha256').update(`${service}\n${value}`).digest('base64url');
}
