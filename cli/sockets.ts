/** Finds a WebSocket by its id, in any table of the place. */
import type { Backend } from '../lib/backend';
import type { Connection } from '../lib/connections/connection-items';
import { ConnectionStore } from '../lib/connections/connection-store';
import { SharedConnection } from '../lib/connections/shared-connection';
import { WebSocketUnknownError } from '../lib/errors';
import { UserError } from '../local/user-error';
import type { Place } from './place';

/** @throws {UserError} if no table has it, and the errors of `SharedConnection.open` */
export async function openSocket(place: Place, webSocketId: string): Promise<SharedConnection> {
  for (const backend of place.backends()) {
    try {
      return await SharedConnection.open(webSocketId, { backend });
    } catch (error) {
      if (!(error instanceof WebSocketUnknownError)) throw error;
    }
  }
  throw unknown(webSocketId);
}

/** @throws {UserError} if no table has it */
export async function findConnection(
  place: Place,
  webSocketId: string,
): Promise<{ backend: Backend; connection: Connection }> {
  for (const backend of place.backends()) {
    const connection = await new ConnectionStore(backend.table, backend.clock).connection(webSocketId);
    if (connection) return { backend, connection };
  }
  throw unknown(webSocketId);
}

function unknown(webSocketId: string): UserError {
  return new UserError(
    `There is no WebSocket ${JSON.stringify(webSocketId)}. Its id is wrong, or it closed more than ten minutes ago. To see who is connected, run "list".`,
  );
}
