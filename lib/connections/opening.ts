/** Waits until a connection's handshake has finished: API Gateway answers 410 to everything before. */
import type { Backend } from '../backend';
import { sleep } from '../clock';
import { ConnectionsApiError } from '../errors';
import type { Connection } from './connection-items';
import { isOpening } from './connection-store';

const FIRST_PAUSE_MILLISECONDS = 5;
const LONGEST_PAUSE_MILLISECONDS = 500;
/**
 * `$connect` asks for the server function as its last step, so a handshake that finishes at all does so within moments. One that
 * its client has cut is known to nobody: not worth the rest of the opening window in Lambda's time.
 */
const PATIENCE_MILLISECONDS = 2_500;
/** A gateway that is slow to answer gets its chances: at least so many probes are sent. */
const LEAST_PROBES = 10;

/**
 * `unfinished`: the gateway does not know the connection yet; whoever asks again later (the sweep, a message) finds out more.
 * `gone`: it does not, and the connection can no longer be one that is still opening.
 */
export type Opening = 'open' | 'unfinished' | 'gone';

/** Probes until the gateway knows the connection, for some seconds at most, and not beyond the deadline (milliseconds since the epoch). */
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
