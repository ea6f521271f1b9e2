/** The command `end`: closes one connection. */
import { WebSocketClosedError } from '../lib/errors';
import { Service } from '../lib/service';
import type { PlaceOptions } from './client-settings';
import { Place } from './place';
import { findConnection } from './sockets';
import type { Terminal } from './terminal';
import { jsonLine } from './text';

/** Works for dedicated ones, too: the owner sees a disconnected client. @throws WebSocketClosedError */
export async function end(
  webSocketId: string,
  options: PlaceOptions & { json: boolean },
  terminal: Terminal,
): Promise<void> {
  const { backend, connection } = await findConnection(await Place.find(options), webSocketId);
  if (connection.state === 'closed') throw new WebSocketClosedError(webSocketId);
  const ended = (await backend.connections.delete(connection)) === 'closed';
  // The service's function finds out whether the connection has closed or is still opening.
  if (!ended) {
    await new Service(connection.service, { backend }).requestSettlement([{ ...connection, left: false }]);
  }
  const words = ended
    ? 'Closed.'
    : 'API Gateway does not know this connection. The service will clean it up.';
  terminal.print(options.json ? jsonLine({ id: webSocketId, ended }) : `${words}\n`);
}
