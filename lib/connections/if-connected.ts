/** Writes whose failure is no error if the client has disconnected, such as an answer. */
import { WebSocketClosedError, WebSocketOpeningError } from '../errors';

/**
 * Waits for `work`. Ignores errors that mean that the client has disconnected or that its handshake has not finished.
 * Such a client misses what was written.
 */
export async function ifConnected(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof WebSocketClosedError) && !(error instanceof WebSocketOpeningError)) throw error;
  }
}
