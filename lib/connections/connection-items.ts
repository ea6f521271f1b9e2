/**
 * The rows of the table and what they are in code.
 *
 * CONNECTION#{id} / CONNECTION            the connection: open, then closed, then done
 * CHANNEL#{service}#* / MEMBER#{hh}#{id}  its anchor in the list of everyone: what a post needs; deleted last
 * SESSION#{service}#{sessionId} / SESSION  the sockets of a web session: see session-store.ts
 * CHANNEL#{service}#* / SWEEP             where the next sweep begins, if the last one had to stop
 */
import { createHash } from 'node:crypto';
import type { ConnectionAddress } from '../management-api/connections-client';
import type { Item, Key, Value } from '../table/item';

/**
 * Items expire after this time even if every sweep fails. DynamoDB's expiry runs no hook, so it is far longer than
 * the 2 hours of a connection.
 */
export const LAST_RESORT_SECONDS = 24 * 60 * 60;

/** The channel that contains every connection of a service. */
export const SERVICE_CHANNEL = '*';

/** The sort keys of members begin with it. */
export const MEMBER_PREFIX = 'MEMBER#';

export interface Connection extends ConnectionAddress {
  service: string;
  /** The web session of the connection, or empty. */
  sessionId: string;
  /** The function that cleans up after this connection. */
  serverFunction: string;
  /** The connection's user, if known. */
  user?: string;
  /** What others may know about the user. */
  info?: Value;
  /** The user whose limit of connections it counts towards, if there is one. */
  countedUser?: string;
  /** When the connection was last identified after the handshake, and by which request. */
  identifiedAt?: string;
  /** What hooks have stored for the connection. */
  attributes: Record<string, Value>;
  /** How often the attributes have changed since the handshake, if ever. */
  attributesRevision?: number;
  /**
   * Who gets its messages: the hook `onClientMessage`, any process that reads its inbox, or the one invocation that
   * owns it.
   */
  messagesTo: 'hook' | 'inbox' | 'owner';
  /** Milliseconds since the epoch. */
  acceptedAt: number;
  state: 'open' | 'closed';
  /** The request that runs, or ran, `server()`. */
  started?: string;
  /** When that request has certainly ended, even if it crashed. Milliseconds since the epoch. */
  startedUntil?: number;
  /** `server()` reads in a loop, and has not returned. */
  loops?: boolean;
  /** What `onHandover` of that loop saved. */
  loopState?: Value;
  /** `onPostServer` has run completely. */
  done: boolean;
  settler?: string;
  leaseUntil?: number;
  /** Milliseconds since the epoch. */
  closedAt?: number;
  closeCode?: number;
  closeReason?: string;
}

/** A row of a channel: everything that a post or a list of users needs. */
export interface Member extends ConnectionAddress, MemberKey {
  serverFunction: string;
  acceptedAt: number;
  /** The web session of the connection, if any. */
  sessionId?: string;
  /** The connection's user, if known. */
  user?: string;
  /** What others may know about the user. */
  info?: Value;
  /** When it joined the channel, if that was after its handshake. Milliseconds since the epoch. */
  since?: number;
  /** When the connection was first identified. Lists of users are sorted by it. */
  namedAt?: number;
  /** The connection is being cleaned up and is no longer listed. */
  left: boolean;
}

/** What identifies a member's row. */
export interface MemberKey {
  service: string;
  webSocketId: string;
  /** @default the service's own channel, which contains everyone. There, the row is the connection's anchor */
  channel?: string;
}

/** The partition of a channel: its members, and what a service stores about the whole channel. */
export function channelPk(service: string, channel: string): string {
  return `CHANNEL#${service}#${channel}`;
}

/** The partition of the channel that contains everyone of the service. */
export function serviceChannelPk(service: string): string {
  return channelPk(service, SERVICE_CHANNEL);
}

export function connectionKey(webSocketId: string): Key {
  return { pk: `CONNECTION#${webSocketId}`, sk: 'CONNECTION' };
}

export function sweepKey(service: string): Key {
  return { pk: serviceChannelPk(service), sk: 'SWEEP' };
}

/** Two hex digits of a hash spread a channel over 256 ranges, so that workers can process ranges in parallel. */
export function memberKey({ service, webSocketId, channel = SERVICE_CHANNEL }: MemberKey): Key {
  return { pk: channelPk(service, channel), sk: `${MEMBER_PREFIX}${spreadOf(webSocketId)}#${webSocketId}` };
}

/** Two hex digits of an id's hash. */
export function spreadOf(webSocketId: string): string {
  return createHash('sha256').update(webSocketId).digest('hex').slice(0, 2);
}

export function toConnection(item: Item): Connection {
  const { pk, callbackUrl, service, sessionId, serverFunction, attributes, acceptedAt, state, done } = item;
  const {
    messagesTo,
    user,
    info,
    countedUser,
    identifiedAt,
    attributesRevision,
    started,
    startedUntil,
    loops,
    loopState,
    settler,
    leaseUntil,
    closedAt,
    closeCode,
    closeReason,
  } = item;
  return {
    webSocketId: pk.slice('CONNECTION#'.length),
    callbackUrl: callbackUrl as string,
    service: service as string,
    sessionId: sessionId as string,
    serverFunction: serverFunction as string,
    attributes: (attributes ?? {}) as Record<string, Value>,
    messagesTo: messagesTo as Connection['messagesTo'],
    acceptedAt: acceptedAt as number,
    state: state as 'open' | 'closed',
    done: done === true,
    ...(user !== undefined && { user: user as string }),
    ...(info !== undefined && { info }),
    ...(countedUser !== undefined && { countedUser: countedUser as string }),
    ...(identifiedAt !== undefined && { identifiedAt: identifiedAt as string }),
    ...(attributesRevision !== undefined && { attributesRevision: attributesRevision as number }),
    ...(started !== undefined && { started: started as string }),
    ...(startedUntil !== undefined && { startedUntil: startedUntil as number }),
    ...(loops === true && { loops }),
    ...(loopState !== undefined && { loopState }),
    ...(settler !== undefined && { settler: settler as string }),
    ...(leaseUntil !== undefined && { leaseUntil: leaseUntil as number }),
    ...(closedAt !== undefined && { closedAt: closedAt as number }),
    ...(closeCode !== undefined && { closeCode: closeCode as number }),
    ...(closeReason !== undefined && { closeReason: closeReason as string }),
  };
}

export function toMember({
  pk,
  sk,
  callbackUrl,
  serverFunction,
  acceptedAt,
  sessionId,
  user,
  info,
  since,
  namedAt,
  left,
}: Item): Member {
  const [, service = '', channel = ''] = pk.split('#');
  return {
    webSocketId: sk.split('#').slice(2).join('#'),
    service,
    ...(channel !== SERVICE_CHANNEL && { channel }),
    callbackUrl: callbackUrl as string,
    serverFunction: serverFunction as string,
    acceptedAt: acceptedAt as number,
    ...(sessionId !== undefined && { sessionId: sessionId as string }),
    ...(user !== undefined && { user: user as string }),
    ...(info !== undefined && { info }),
    ...(since !== undefined && { since: since as number }),
    ...(namedAt !== undefined && { namedAt: namedAt as number }),
    left: left === true,
  };
}
