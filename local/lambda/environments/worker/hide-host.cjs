// Hides from a function what it would not see on Lambda: the home folder of the person who runs the host (where the
// SDK looks for profiles), and the fact that it runs in a worker thread.
'use strict';

const os = require('node:os');
const { performance } = require('node:perf_hooks');
const workerThreads = require('node:worker_threads');

/** The home folder in Lambda's environments. It has no `.aws` folder. */
const LAMBDA_HOME = '/home/sbx_user1051';

function hideTheHost(nodeOptions) {
  os.homedir = () => LAMBDA_HOME;
  // Set only now, because a thread does not start with options that are for processes only.
  if (nodeOptions !== undefined) process.env.NODE_OPTIONS = nodeOptions;
  Object.assign(workerThreads, { isMainThread: true, parentPort: null, workerData: null });
}

/**
 * Resets the clocks, which in a thread count from the start of the host. On Lambda, an environment is a process of
 * its own, and code uses these clocks to measure its startup time.
 */
function startClocks() {
  const now = performance.now.bind(performance);
  const uptime = process.uptime.bind(process);
  const [begun, upSince] = [now(), uptime()];
  const timeOrigin = performance.timeOrigin + begun;
  Object.defineProperties(performance, {
    now: { value: () => now() - begun, configurable: true, writable: true },
    timeOrigin: { value: timeOrigin, configurable: true },
  });
  process.uptime = () => uptime() - upSince;
}

module.exports = { hideTheHost, startClocks };
