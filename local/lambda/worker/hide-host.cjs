// Hides from a function what it would not see on Lambda: the folder and the home of the person who runs the host (the
// SDK looks there for profiles), and that it lives in a thread.
'use strict';

const os = require('node:os');
const workerThreads = require('node:worker_threads');

/** As Lambda's environments have it: a folder without anybody's `.aws`. */
const LAMBDA_HOME = '/home/sbx_user1051';

function hideTheHost(nodeOptions) {
  os.homedir = () => LAMBDA_HOME;
  // Kept from the thread's start, where an option that only a process may have would be an error.
  if (nodeOptions !== undefined) process.env.NODE_OPTIONS = nodeOptions;
  Object.assign(workerThreads, { isMainThread: true, parentPort: null, workerData: null });
}

module.exports = { hideTheHost };
