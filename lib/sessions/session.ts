/** A web session as any process sees it: the sockets that were opened from it. */
import { createHash } from 'node:crypto';
import type { Member } from '../connections/connection-items';
import type { Service } from '../service';
import { SessionStore } from './session-store';

const READS_AT_A_TIME = 20;

export class Session {
  constructor(
    private readonly service: Service,
    /** As `sessionId` of its sockets: a principal, or the hash of a cookie. */
    readonly id: string,
  ) {}

  /** Its sockets, for `service.deliver(data, { to })`: read consistently, one read of the table and one more for each. */
  async *members(): AsyncGenerator<Member, void, undefined> {
    if (this.id === '') return;
    const { backend, store, name: service } = this.service;
    const sockets = await new SessionStore(backend.table, backend.clock).sockets({
      service,
      sessionId: this.id,
    });
    for (let next = 0; next < sockets.length; next += READS_AT_A_TIME) {
      const some = sockets.slice(next, next + READS_AT_A_TIME);
      const members = await Promise.all(some.map((webSocketId) => store.member({ service, webSocketId })));
      for (const member of members) if (member && !member.left) yield member;
    }
  }
}

/**
 * The id of the session that a cookie's value stands for: the SHA-256 of the service's name, a line feed and the value as the
 * `Cookie` header has it, without quotes; in URL-safe base64. The value itself is kept nowhere. The name is in it so that
 * equal cookies of two services are two sessions, each with an end of its own, and ids of one tell nothing of the other.
 */
export function sessionIdOfCookie(service: string, value: string): string {
  return createHash('sha256').update(`${service}\n${value}`).digest('base64url');
}
