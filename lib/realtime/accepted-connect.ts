/** A client connects once: whichever of its frames is accepted first, even if two of them run side by side. */
import { connectionKey } from '../connections/connection-items';
import type { Service } from '../service';
import { absent, all, any, equals } from '../table/conditions';

/** One write. `false` if another frame of the client was accepted before, or the connection has closed. */
export async function acceptConnect(
  service: Service,
  webSocketId: string,
  messageId: string,
): Promise<boolean> {
  const item = await service.backend.table.update(
    connectionKey(webSocketId),
    { set: { connectedBy: messageId } },
    all(equals('state', 'open'), any(absent('connectedBy'), equals('connectedBy', messageId))),
  );
  return item !== undefined;
}
