/** The command `read`: takes messages from a connection's inbox. */
import { MAX_MESSAGE_BYTES } from '../lib/delivery/delivery';
import type { PlaceOptions } from './client-settings';
import { Place } from './place';
import { openSocket } from './sockets';
import type { Terminal } from './terminal';
import { jsonLine, printable } from './text';

export interface ReadCommandOptions extends PlaceOptions {
  /** Seconds. @default 30, and a day with `follow` */
  timeout?: number;
  /** Keeps reading until the socket closes. */
  follow: boolean;
  json: boolean;
}

const TIMEOUT_SECONDS = 30;

export async function read(
  webSocketId: string,
  { timeout, follow, json, ...options }: ReadCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const socket = await openSocket(await Place.find(options), webSocketId);
  const print = (message: string) =>
    terminal.print(json ? jsonLine({ id: webSocketId, message }) : `${printable(message)}\n`);
  if (!follow) {
    const timeoutSeconds = timeout ?? TIMEOUT_SECONDS;
    print(await socket.read({ timeoutSeconds, maxLength: MAX_MESSAGE_BYTES }));
    return;
  }
  const wait = timeout === undefined ? {} : { timeoutSeconds: timeout };
  for await (const message of socket.messages(wait)) print(message);
}
