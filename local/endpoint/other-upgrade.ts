/**
 * Declines offers to change to a protocol other than WebSocket, such as `h2c` (Java's HttpClient sends it with every
 * request).
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** The headers of the offer. */
const OF_THE_OFFER = new Set(['upgrade', 'http2-settings']);

export function offersWebSocket({ headers }: IncomingMessage): boolean {
  return (headers.upgrade ?? '').split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');
}

/**
 * Ignores the offer, as RFC 9110 (7.8) allows: gives the request back to the server without the headers of the offer,
 * together with everything that follows on the connection.
 */
export function declineUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!OF_THE_OFFER.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[at + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  // A timer of the previous response would end a slow request.
  (socket as Socket).setTimeout(0);
  server.emit('connection', socket);
}
