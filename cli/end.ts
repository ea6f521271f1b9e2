/** The command `end`: closes one connection. */
import { Place, type PlaceOptions } from './place';
import { openSocket } from './sockets';
import type { Terminal } from './terminal';
import { jsonLine } from './text';

export async function end(
  webSocketId: string,
  options: PlaceOptions & { json: boolean },
  terminal: Terminal,
): Promise<void> {
  const socket = await openSocket(await Place.find(options), webSocketId);
  await socket.end();
  terminal.print(options.json ? jsonLine({ id: webSocketId, ended: true }) : 'Closed.\n');
}
