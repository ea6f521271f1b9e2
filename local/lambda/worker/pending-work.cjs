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

/** Counts by word what is pending, over and above what was so in `before`. */
function pendingWork(before = {}) {
  const counts = {};
  for (const type of process.getActiveResourcesInfo()) {
    const word = WORDS[type];
    if (word) counts[word] = (counts[word] ?? 0) + 1;
  }
  for (const word of Object.keys(before)) {
    if (word in counts) counts[word] -= Math.min(counts[word], before[word]);
    if (counts[word] === 0) delete counts[word];
  }
  return counts;
}

module.exports = { pendingWork };
