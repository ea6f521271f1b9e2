/** The time in which a 410 from API Gateway does not prove that a connection has closed, because it may still be opening. */

/**
 * A 410 proves a departure only if the probe was sent this long after the connection was accepted. `$connect` may
 * take 29 s.
 */
export const OPENING_WINDOW_MILLISECONDS = 30_000;

/** Whether a 410 for a probe sent at `probeSentAt` may mean that the connection is still opening. */
export function isOpening(acceptedAt: number, probeSentAt: number): boolean {
  return acceptedAt >= probeSentAt - OPENING_WINDOW_MILLISECONDS;
}
