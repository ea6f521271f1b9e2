// What an invocation leaves unfinished at its answer: timers, connections with a request in flight, and the like. Idle
// keep-alive sockets do not count, since Node.js lets go of them.
'use strict';

/** Node's resource types in a reader's words; the types without a word belong to another one or are the host's own. */
const WORDS = {
  Timeout: 'timer',
  Immediate: 'immediate',
  TCPSocketWrap: 'connection',
  TLSWrap: 'connection',
  PipeWrap: 'connection',
  HTTP2SESSION: 'connection',
  GetAddrInfoReqWrap: 'DNS lookup',
  FSReqCallback: 'file operation',
  FSReqPromise: 'file operation',
  ProcessWrap: 'child process',
  Worker: 'worker thread',
  TCPServerWrap: 'server',
};

/** Counts by word what is pending, over and above what was so in `before`. An opening connection looks like a timer. */
function pendingWork(openingConnections, before = {}) {
  const opening = openingConnections();
  const counts = opening > 0 ? { connection: opening, timer: -opening } : {};
  for (const type of process.getActiveResourcesInfo()) {
    const word = WORDS[type];
    if (word) counts[word] = (counts[word] ?? 0) + 1;
  }
  for (const word of Object.keys(counts)) {
    counts[word] -= Math.min(counts[word], before[word] ?? 0);
    if (counts[word] === 0) delete counts[word];
  }
  return counts;
}

/** What ends by itself soon, unlike a timer or a connection. */
const PASSING = ['file operation', 'DNS lookup', 'immediate'];
const MOST_TURNS = 10;

/**
 * Waits a few milliseconds for what the function's modules began as they were loaded (the SDK reads its settings), and
 * returns what remains: work that no invocation is to blame for.
 */
async function settledWork(openingConnections) {
  for (let turn = 0; ; turn += 1) {
    const pending = pendingWork(openingConnections);
    if (turn === MOST_TURNS || !PASSING.some((word) => word in pending)) return pending;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

module.exports = { pendingWork, settledWork };
