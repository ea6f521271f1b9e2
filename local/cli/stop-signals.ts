/** Ends a run at Ctrl-C, at SIGTERM, or when the npm process that started it has ended. */

/** Ctrl-C in a terminal reaches the process twice: from the terminal, and from npm. */
const SAME_SIGNAL_MILLIS = 500;

const INTERRUPTED_EXIT_CODE = 130;

const PARENT_CHECK_MILLIS = 500;

/** Calls `stop` once. A second Ctrl-C, unless it is a copy of the first, ends the process immediately. */
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

/** npm sends SIGTERM only to its shell, which ends without telling its child. The port would stay in use. */
function onParentGone(callback: () => void): void {
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    callback();
  }, PARENT_CHECK_MILLIS).unref();
}
