/** The connections that a request is about: one by its id, or all of a user. */
import type { Member } from '../../connections/connection-items';
import type { Service } from '../../service';
import { errors } from '../realtime-errors';
import { assertWithout, type Fields, textIn, textsIn } from './fields';

const MOST_KEPT = 1_000;

/**
 * One read for a `client`. For a `user`, one query of the service's connections, about 3,000 of them to a page.
 * @throws RealtimeError if the request names neither, because an empty user is everybody without one
 */
export async function chosenConnections(service: Service, fields: Fields): Promise<Member[]> {
  assertWithout(fields, 'session', 'label_filter', 'all_users');
  const user = textIn(fields, 'user');
  const client = textIn(fields, 'client');
  // The second name is what gocent 3 sends.
  const kept = new Set(['whitelist', 'clientwhitelist'].flatMap((name) => textsIn(fields, name, MOST_KEPT)));
  if (client !== undefined) {
    const connection = await service.store.connection(client);
    const isOurs = connection?.state === 'open' && connection.service === service.name;
    const isTheirs = user === undefined || connection?.user === user;
    return isOurs && isTheirs && !kept.has(client) ? [{ ...connection, left: false }] : [];
  }
  if (user === undefined) throw errors.badRequest('name a user or a client');
  const chosen: Member[] = [];
  for await (const member of service.members()) {
    if (member.user === user && !kept.has(member.webSocketId)) chosen.push(member);
  }
  return chosen;
}
