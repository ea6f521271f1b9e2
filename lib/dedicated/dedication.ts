/** Decides which sockets are dedicated. A class may have shared ones, dedicated ones, or both. */
import type { Connection } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import { InvalidUseError } from '../errors';
import type { ServiceFunction } from '../handlers/service-function';
import type { AnyServer, ServerClass } from '../server/server-class';
import { overrides } from '../server/server-hooks';

/** Who gets the messages of the connection that `server` accepted. @throws InvalidUseError */
export function messagesTo(ServerClass: ServerClass, server: AnyServer): Connection['messagesTo'] {
  if (server.sharedConnection) return overrides(ServerClass, 'onClientMessage') ? 'hook' : 'inbox';
  if (mayBeDedicated(ServerClass)) return 'owner';
  const why = overrides(ServerClass, 'server')
    ? 'it has onClientMessage, which a dedicated socket never calls. Read messages in server(), or use a separate class for dedicated sockets'
    : 'it has no server(), which is the loop of a dedicated socket. Override server()';
  throw new InvalidUseError(`sharedConnection is false in ${ServerClass.name}, but ${why}.`);
}

/** Whether `server()` may be the loop of a dedicated socket. Other classes never pay for a lookup. */
export function mayBeDedicated(ServerClass: ServerClass): boolean {
  return overrides(ServerClass, 'server') && !overrides(ServerClass, 'onClientMessage');
}

/** The connection, if it is dedicated. Reads one item if the class may have dedicated sockets. */
export async function dedicatedConnection(
  { ServerClass, backend }: ServiceFunction,
  webSocketId: string,
): Promise<Connection | undefined> {
  if (!mayBeDedicated(ServerClass)) return undefined;
  const connection = await new ConnectionStore(backend.table, backend.clock).connection(webSocketId);
  return connection?.messagesTo === 'owner' ? connection : undefined;
}
