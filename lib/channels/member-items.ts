/** The rows of a channel's members: everything that a post needs. */
import { LAST_RESORT_SECONDS, type Member, memberKey } from '../connections/connection-items';
import { identityOf } from '../connections/identity';
import { expiryAfter, type Item } from '../table/item';

/** A connection that subscribes within this time after its handshake counts as a member since it connected. */
const AS_IT_CONNECTED_MILLISECONDS = 60_000;

/** A member of a channel with a name of its own. */
export type ChannelMember = Member & { channel: string };

export function memberItem(member: ChannelMember, now: number): Item {
  const { callbackUrl, serverFunction, acceptedAt, since } = member;
  return {
    ...memberKey(member),
    ...{ callbackUrl, serverFunction, acceptedAt },
    ...identityOf(member),
    ...(since !== undefined && { since }),
    expiresAt: expiryAfter(now, LAST_RESORT_SECONDS),
  };
}

/** When it joins, unless it connected only just now: each byte of a member is read with each publication. */
export function joiningAt(now: number, { acceptedAt }: Member): { since?: number } {
  return now > acceptedAt + AS_IT_CONNECTED_MILLISECONDS ? { since: now } : {};
}
