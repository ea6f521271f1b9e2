/** Waits until a connection's handshake has finished: API Gateway answers 410 to everything before. */
import type { Backend } from './backend';
import { sleep } from './clock';
import type { Connection } from './connection-items';
import { isOpening } from './connection-store';
import { ConfigurationError, ConnectionsApiError } from './errors';

const FIRST_PAUSE_MILLISECONDS = 5;
const LONGEST_PAUSE_MILLISECONDS = 1_000;

/**
 * Probes until the gateway knows the connection; `false` once it can no longer be one that is still opening.
 * @throws ConfigurationError if the deadline (milliseconds since the epoch) comes first.
 */
export async function handshakeFinished(
  { clock, connections }: Backend,
  connection: Connection,
  deadline: number,
): Promise<boolean> {
  for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
    const probeSentAt = clock.now();
    try {
      if (await connections.get(connection)) return true;
      if (!isOpening(connection.acceptedAt, probeSentAt)) return false;
    } catch (error) {
      if (!(error instanceof ConnectionsApiError) || !error.retryable) throw error;
    }
    if (clock.now() + pause > deadline) {
      throw new ConfigurationError(
        `The server function of ${connection.service} has no time left to wait for WebSocket ${connection.webSocketId} to open. Give it a timeout above 30 seconds.`,
      );
    }
    await sleep(clock, pause);
  }
}
