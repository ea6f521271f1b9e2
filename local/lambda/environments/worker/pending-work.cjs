// Finds work that an invocation has started but not finished when it responds, and that the freeze would interrupt:
// open requests, timers, file changes and child processes. Resources that are only kept for the next event do not
// count: idle keep-alive sockets, unreferenced timers, DNS lookups and file reads.
'use strict';

const { channel } = require('node:diagnostics_channel');
const fs = require('node:fs');

/** The names of Node's resource types in messages. */
const WORDS = {
  Timeout: 'timer',
  Immediate: 'immediate',
  ProcessWrap: 'child process',
  Worker: 'worker thread',
};

const CHANGES_OF_FILES = [
  ...['appendFile', 'copyFile', 'cp', 'ftruncate', 'link', 'mkdir', 'rename', 'rm', 'rmdir', 'symlink'],
  ...['truncate', 'unlink', 'write', 'writeFile', 'writev'],
];

/** Work that ends soon on its own. The SDK, for example, reads its configuration first and then starts its request. */
const READING = new Set(['FSReqCallback', 'FSReqPromise', 'GetAddrInfoReqWrap']);
const MOST_TURNS = 10;

const { setTimeout } = globalThis;

/**
 * `openingConnections` returns how many timers belong to connections that aws-hosts.cjs opens. They are not counted
 * as timers.
 */
function watchWork(openingConnections) {
  const requests = watchRequests();
  const changes = watchFileChanges();
  let before = count(openingConnections);
  let changesBefore = 0;
  /** How many resources are active when there is nothing to report, or -1 if there already was something. */
  let nothing = -1;

  const isReading = (types) => types.some((type) => READING.has(type));

  /** Waits a few milliseconds for reads to finish. */
  const settle = async () => {
    for (let turn = 0; turn < MOST_TURNS && requests.open().length === 0; turn += 1) {
      if (!isReading(process.getActiveResourcesInfo())) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };

  return {
    /** Excludes everything that is active now from later counts. */
    async forget() {
      await settle();
      before = count(openingConnections);
      nothing = Object.keys(before).length === 1 ? process.getActiveResourcesInfo().length : -1;
      requests.forget();
      changesBefore = changes.pending();
    },
    /** Whether nothing has started since then. For most responses, no other check is needed. */
    isQuiet: () =>
      !requests.any() &&
      changes.pending() === changesBefore &&
      process.getActiveResourcesInfo().length === nothing,
    /** Counts what has started since then, by name, and resets the counts. */
    async left() {
      const changing = changes.pending() - changesBefore;
      await settle();
      const now = count(openingConnections);
      const left = { request: requests.open().length, 'file change': changing };
      for (const [word, number] of Object.entries(now)) left[word] = number - (before[word] ?? 0);
      // The timers may be timeouts of the requests.
      if (left.request > 0) left.timer = 0;
      before = now;
      requests.forget();
      changesBefore = changes.pending();
      return Object.fromEntries(Object.entries(left).filter(([, number]) => number > 0));
    },
  };
}

function count(openingConnections) {
  const counts = { timer: -openingConnections() };
  for (const type of process.getActiveResourcesInfo()) {
    const word = WORDS[type];
    if (word) counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

/** HTTP requests of node:http and node:https, and those of undici, which fetch uses. */
function watchRequests() {
  const ofHttp = new Set();
  const ofUndici = new Set();
  channel('http.client.request.start').subscribe(({ request }) => ofHttp.add(request));
  channel('http.client.response.finish').subscribe(({ request }) => ofHttp.delete(request));
  channel('undici:request:create').subscribe(({ request }) => ofUndici.add(request));
  const undiciEnds = ({ request }) => ofUndici.delete(request);
  channel('undici:request:headers').subscribe(undiciEnds);
  channel('undici:request:error').subscribe(undiciEnds);
  return {
    any: () => ofHttp.size + ofUndici.size > 0,
    open: () => [
      ...[...ofHttp].filter(({ res, destroyed }) => !res && !destroyed),
      ...[...ofUndici].filter(({ aborted }) => !aborted),
    ],
    forget: () => {
      ofHttp.clear();
      ofUndici.clear();
    },
  };
}

function watchFileChanges() {
  let pending = 0;
  const ends = () => {
    pending -= 1;
  };
  for (const name of CHANGES_OF_FILES) {
    const change = fs[name];
    fs[name] = Object.assign((...args) => {
      const callback = args.at(-1);
      if (typeof callback !== 'function') return change(...args);
      pending += 1;
      try {
        return change(...args.slice(0, -1), (...results) => {
          ends();
          callback(...results);
        });
      } catch (error) {
        ends();
        throw error;
      }
    }, change);
    const changePromised = fs.promises[name];
    if (changePromised === undefined) continue;
    fs.promises[name] = (...args) => {
      const change = changePromised(...args);
      pending += 1;
      change.then(ends, ends);
      return change;
    };
  }
  return { pending: () => pending };
}

module.exports = { watchWork };
