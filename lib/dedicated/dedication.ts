/** Which sockets are dedicated: a class may have shared ones, dedicated ones, or both. */
import type { Connection } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import { InvalidUseError } from '../errors';
import type { ServiceFunction } from '../handlers/service-function';
import { overrides, type ServerClass, type WebSocketServer } from '../server/web-socket-server';

/** Who gets the messages of the connection that `server` has let in. @throws InvalidUseError */
export function messagesTo(ServerClass: ServerClass, server: WebSocketServer): Connection['messagesTo'] {
  if (server.sharedConnection) return overrides(ServerClass, 'onClientMessage') ? 'hook' : 'inbox';
  if (mayBeDedicated(ServerClass)) return 'owner';
  const why = overrides(ServerClass, 'server')
    ? 'it has onClientMessage, which a dedicated socket never calls: read its messages in server(), or give dedicated sockets a class of their own'
    : 'it has no server(), which is the loop of a dedicated socket: override it';
  throw new InvalidUseError(`sharedConnection is false in ${ServerClass.name}, but ${why}.`);
}

/** Whether `server()` may be the loop of a dedicated socket. Other classes never pay for the question which one is. */
export function mayBeDedicated(ServerClass: ServerClass): boolean {
  return overrides(ServerClass, 'server') && !overrides(ServerClass, 'onClientMessage');
}

/** The connection, if it is a dedicated one. One read of the table, if the class may have such. */
export async function dedicatedConnection(
  { ServerClass, backend }: ServiceFunction,
  webSocketId: string,
): Promise<Connection | undefined> {
  if (!mayBeDedicated(ServerClass)) return undefined;
  const connection = await new ConnectionStore(backend.table, backend.clock).connection(webSocketId);
  return connection?.messagesTo === 'owner' ? connection : undefined;
}
