/** The command `write`: sends one message to one connection. */

import type { PlaceOptions } from './client-settings';
import { dataOrInput } from './data';
import { Place } from './place';
import { openSocket } from './sockets';
import type { Terminal } from './terminal';
import { jsonLine } from './text';

export async function write(
  webSocketId: string,
  data: string | undefined,
  options: PlaceOptions & { json: boolean },
  terminal: Terminal,
): Promise<void> {
  const socket = await openSocket(await Place.find(options), webSocketId);
  const text = await dataOrInput(data, terminal);
  await socket.write(text);
  const bytes = Buffer.byteLength(text);
  terminal.print(options.json ? jsonLine({ id: webSocketId, bytes }) : `Sent ${bytes} bytes.\n`);
}
