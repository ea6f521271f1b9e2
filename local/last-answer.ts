/** Sends a last response on a socket after an upgrade, and closes the socket soon after. */
import type { Duplex } from 'node:stream';
import type { Clock } from './clock';

/** How long a client may take to read the response and close its side. */
export const LINGER_MILLIS = 1_000;

/**
 * Writes `answer` and ends the connection. Further data from the client is read and dropped, because closing a socket
 * with unread bytes resets the connection, and the client loses the response.
 */
export function endWith(socket: Duplex, answer: string, clock: Clock): void {
  socket.on('error', () => socket.destroy());
  const alarm = clock.after(LINGER_MILLIS, () => socket.destroy());
  socket.once('close', () => alarm.cancel());
  socket.end(answer);
  socket.resume();
}

/** A plain-text response for sockets without a `ServerResponse`. */
export function plainAnswer(status: number, reason: string, text: string): string {
  return (
    `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
    `x-content-type-options: nosniff\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  );
}
