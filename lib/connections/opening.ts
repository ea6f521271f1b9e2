/** Waits until a connection's handshake has finished. Until then, API Gateway answers 410 to every request. */
import type { Backend } from '../backend';
import { sleep } from '../clock';
import { ConnectionsApiError } from '../errors';
import type { Connection } from './connection-items';
import { isOpening } from './opening-window';

const FIRST_PAUSE_MILLISECONDS = 5;
const LONGEST_PAUSE_MILLISECONDS = 500;
/**
 * `$connect` requests the server function as its last step, so a handshake that finishes does so within moments. If
 * the client cuts the handshake, nothing reports it. Waiting for the rest of the opening window is not worth the
 * Lambda time.
 */
const PATIENCE_MILLISECONDS = 2_500;
/** A minimum number of probes, for a gateway that is slow to answer. */
const LEAST_PROBES = 10;

/**
 * `unfinished`: API Gateway does not know the connection yet. A later check (the sweep, a message) finds out more.
 * `gone`: API Gateway does not know it, and it is too old to be still opening.
 */
export type Opening = 'open' | 'unfinished' | 'gone';

/**
 * Probes until API Gateway knows the connection, for a few seconds at most, and not beyond the deadline (milliseconds
 * since the epoch).
 */
export async function awaitOpening(
  { clock, connections }: Backend,
  connection: Connection,
  deadline: number,
): Promise<Opening> {
  const end = clock.now() + PATIENCE_MILLISECONDS;
  let pause = FIRST_PAUSE_MILLISECONDS;
  for (let probes = 1; ; probes++) {
    const probeSentAt = clock.now();
    try {
      if (await connections.get(connection)) return 'open';
      if (!isOpening(connection.acceptedAt, probeSentAt)) return 'gone';
    } catch (error) {
      if (!(error instanceof ConnectionsApiError) || !error.retryable) throw error;
    }
    const next = clock.now() + pause;
    if (next > deadline || (next > end && probes >= LEAST_PROBES)) return 'unfinished';
    await sleep(clock, pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS);
  }
}
