/** When a run ends: at Ctrl-C, at SIGTERM, or when the npm that started it has gone. */

/** Ctrl-C in a terminal reaches the process more than once: from the terminal, and from npm. */
const SAME_SIGNAL_MILLIS = 500;

const INTERRUPTED_EXIT_CODE = 130;

const PARENT_CHECK_MILLIS = 500;

/** Calls `stop` once. A second Ctrl-C, unless it is the same one, ends the process at once. */
export function onStop(stop: () => void): void {
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
  if (process.env.npm_lifecycle_event !== undefined) onParentGone(receive);
}

/** npm passes SIGTERM to its shell only, which ends without telling its child: the port would stay taken. */
function onParentGone(callback: () => void): void {
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    callback();
  }, PARENT_CHECK_MILLIS).unref();
}
