/** The fault `answer-lost`: what is left to do once it has struck. */
import type { Socket } from 'node:net';

/** Resets the connection. A Unix domain socket has no reset, so it closes. */
export function loseAnswer(socket: Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
