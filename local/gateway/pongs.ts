/** Answers a client's pings. */
import type { WebSocket } from 'ws';

/** Connections with a pong in flight, and the latest ping that has arrived since. */
const onTheirWay = new WeakMap<WebSocket, Buffer | undefined>();

/**
 * Answers each ping with a pong. If the client does not read, only the latest ping is kept and answered (RFC 6455,
 * 5.5.3), so that memory stays bounded.
 */
export function answerPings(ws: WebSocket): void {
  ws.on('ping', answerPing);
}

function answerPing(this: WebSocket, payload: Buffer): void {
  if (this.readyState !== this.OPEN) return;
  if (this.bufferedAmount > 0 && onTheirWay.has(this)) {
    // A copy, because the payload is a slice of everything that was received with it.
    onTheirWay.set(this, Buffer.from(payload));
    return;
  }
  onTheirWay.set(this, undefined);
  this.pong(payload, false, () => {
    const latest = onTheirWay.get(this);
    onTheirWay.delete(this);
    if (latest !== undefined) answerPing.call(this, latest);
  });
}
