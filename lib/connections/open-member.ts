/** A connection as a process that opens it finds it in the table. */
import type { Backend } from '../backend';
import { WebSocketClosedError, WebSocketDedicatedError, WebSocketUnknownError } from '../errors';
import type { Connection, Member } from './connection-items';
import { ConnectionStore } from './connection-store';
import { identityOf } from './identity';

export interface OpenMember {
  member: Member;
  messagesTo: Connection['messagesTo'];
}

/**
 * Reads one item.
 * @throws WebSocketClosedError if it has closed, WebSocketUnknownError if the table has no such id,
 * WebSocketDedicatedError if it belongs to its `server()`
 */
export async function openMember(
  webSocketId: string,
  { table, clock }: Pick<Backend, 'table' | 'clock'>,
): Promise<OpenMember> {
  const connection = await new ConnectionStore(table, clock).connection(webSocketId);
  if (!connection) throw new WebSocketUnknownError(webSocketId);
  const { callbackUrl, service, serverFunction, acceptedAt, messagesTo } = connection;
  if (connection.state === 'closed') throw new WebSocketClosedError(webSocketId);
  if (messagesTo === 'owner') throw new WebSocketDedicatedError(webSocketId);
  const known = { webSocketId, callbackUrl, service, serverFunction, acceptedAt, left: false };
  return { member: { ...known, ...identityOf(connection) }, messagesTo };
}
