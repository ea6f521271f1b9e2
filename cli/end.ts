/** The command `end`: closes one connection. */
import { WebSocketClosedError } from '../lib/errors';
import { Service } from '../lib/service';
import { Place, type PlaceOptions } from './place';
import { findConnection } from './sockets';
import type { Terminal } from './terminal';
import { jsonLine } from './text';

/** A dedicated one, too: its owner learns of it as if the client had gone. @throws WebSocketClosedError */
export async function end(
  webSocketId: string,
  options: PlaceOptions & { json: boolean },
  terminal: Terminal,
): Promise<void> {
  const { backend, connection } = await findConnection(await Place.find(options), webSocketId);
  if (connection.state === 'closed') throw new WebSocketClosedError(webSocketId);
  const ended = (await backend.connections.delete(connection)) === 'closed';
  // Whether it has gone, or is still opening, is for its own function to find out.
  if (!ended) {
    await new Service(connection.service, { backend }).requestSettlement([{ ...connection, left: false }]);
  }
  const words = ended ? 'Closed.' : 'The gateway does not know it: its own function settles its departure.';
  terminal.print(options.json ? jsonLine({ id: webSocketId, ended }) : `${words}\n`);
}
