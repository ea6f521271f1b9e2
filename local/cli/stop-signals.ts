/** Ctrl-C in a terminal reaches the process more than once: by itself, from npm, from whatever started it. */
const SAME_SIGNAL_MILLIS = 500;

const INTERRUPTED_EXIT_CODE = 130;

/** Calls `stop` at the first Ctrl-C or SIGTERM. The next one, unless it is the same, ends the process at once. */
export function onStopSignal(stop: () => void): void {
  let stoppedAt: number | undefined;
  const receive = () => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now();
      stop();
    } else if (performance.now() - stoppedAt > SAME_SIGNAL_MILLIS) {
      process.exit(INTERRUPTED_EXIT_CODE);
    }
  };
  process.on('SIGINT', receive);
  process.on('SIGTERM', receive);
}
