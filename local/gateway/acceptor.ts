/** Answers a handshake with 101 and API Gateway's headers, and creates the WebSocket. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../clock';
import { COMPRESSION } from './assumptions';
import type { SizeLimits } from './quotas';

export class Acceptor {
  readonly #subprotocols = new WeakMap<IncomingMessage, string>();
  readonly #server: WebSocketServer;

  constructor(clock: Clock, { messageBytes }: SizeLimits) {
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: COMPRESSION,
      maxPayload: messageBytes,
      // One for each byte: AWS is not known to limit fragments, but `ws` does by default.
      maxFragments: messageBytes,
      // `ws` disconnects a client whose 61st ping arrives before the first pong is sent, so `Pongs` answers pings.
      autoPong: false,
    });
    this.#server.on('headers', (headers, request) => {
      const [status = ''] = headers;
      const accept = headers.find((header) => header.startsWith('Sec-WebSocket-Accept: ')) ?? '';
      const subprotocol = this.#subprotocols.get(request);
      const answer = [
        status,
        `Date: ${new Date(clock.now()).toUTCString()}`,
        'Connection: upgrade',
        'upgrade: websocket',
        accept.replace(/^[^:]+/, 'sec-websocket-accept'),
        ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
        ...headers.filter((header) => header.startsWith('Sec-WebSocket-Extensions: ')),
      ];
      headers.splice(0, headers.length, ...answer);
    });
  }

  /**
   * The WebSocket, before any of its bytes are read; undefined if the client has disconnected, even only on its
   * sending side.
   */
  accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    subprotocol: string | undefined,
  ): WebSocket | undefined {
    // `ws` would choose a subprotocol itself, and refuse a list that it cannot parse. API Gateway does neither.
    delete request.headers['sec-websocket-protocol'];
    if (subprotocol !== undefined) this.#subprotocols.set(request, subprotocol);
    let accepted: WebSocket | undefined;
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      accepted = ws;
    });
    return accepted;
  }
}
