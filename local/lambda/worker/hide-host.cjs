// Hides from a function what it would not see on Lambda: the folder and the home of the person who runs the host (the
// SDK looks there for profiles), and that it lives in a thread.
'use strict';

const os = require('node:os');
const { performance } = require('node:perf_hooks');
const workerThreads = require('node:worker_threads');

/** As Lambda's environments have it: a folder without anybody's `.aws`. */
const LAMBDA_HOME = '/home/sbx_user1051';

function hideTheHost(nodeOptions) {
  os.homedir = () => LAMBDA_HOME;
  // Kept from the thread's start, where an option that only a process may have would be an error.
  if (nodeOptions !== undefined) process.env.NODE_OPTIONS = nodeOptions;
  Object.assign(workerThreads, { isMainThread: true, parentPort: null, workerData: null });
}

/**
 * The clocks of a thread count from the start of the host. On Lambda, an environment is a process of its own, and code
 * learns from them how long its start took.
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
