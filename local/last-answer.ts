/** The last answer on a socket that is no longer HTTP's: its client gets to read it, and its descriptor is freed soon after. */
import type { Duplex } from 'node:stream';
import type { Clock } from './clock';

/** How long a client may take to read the answer and to close its side. */
export const LINGER_MILLIS = 1_000;

/**
 * Writes `answer` and ends the connection. What the client still sends is read and dropped: closing a socket with unread bytes
 * resets the connection, and the client loses the answer.
 */
export function endWith(socket: Duplex, answer: string, clock: Clock): void {
  socket.on('error', () => socket.destroy());
  const alarm = clock.after(LINGER_MILLIS, () => socket.destroy());
  socket.once('close', () => alarm.cancel());
  socket.end(answer);
  socket.resume();
}

/** An answer that no `ServerResponse` can write, in plain text. */
export function plainAnswer(status: number, reason: string, text: string): string {
  return (
    `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
    `x-content-type-options: nosniff\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  );
}
