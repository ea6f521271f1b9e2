// Ties the processes that a function starts to its environment: their output is the function's output, they freeze
// and end with the environment, and a signal to their process group (`kill 0`) does not reach the host.
'use strict';

const childProcess = require('node:child_process');

/** Sends a signal as the original process.kill does. By the time a function runs, process.kill is replaced. */
const sendSignal = process._kill.bind(process);
const { constants } = require('node:os');

/** Returns the current process groups, as a live set. Calls `tell` for each group that starts or ends. */
function captureChildren(tell) {
  const groups = new Set();
  const { spawn } = childProcess.ChildProcess.prototype;
  childProcess.ChildProcess.prototype.spawn = function (options) {
    const { stdio, shown } = shownStdio(options.stdio);
    const error = spawn.call(this, {
      ...options,
      cwd: options.cwd ?? process.cwd(),
      detached: true,
      ...(stdio && { stdio }),
    });
    for (const fd of shown) this.stdio?.[fd]?.on('data', (chunk) => streamOf(fd).write(chunk));
    const { pid } = this;
    if (pid !== undefined) {
      groups.add(pid);
      tell({ started: pid });
      this.once('exit', () => {
        // Other processes of its group may still be running.
        if (sendSignal(-pid, 0) === 0) return;
        groups.delete(pid);
        tell({ gone: pid });
      });
    }
    return error;
  };
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) captureSync(name);
  return groups;
}

function captureSync(name) {
  const original = childProcess[name];
  childProcess[name] = (...args) => {
    // The options, if any, come last: (file, arguments?, options?) or (command, options?).
    const last = args.at(-1);
    const given = args.length > 1 && isObject(last) ? args.pop() : {};
    const { stdio, shown } = shownStdio(given.stdio);
    const options = { ...given, cwd: given.cwd ?? process.cwd(), detached: true, ...(stdio && { stdio }) };
    const result = original(...args, options);
    const outputs = isObject(result) && Array.isArray(result.output) ? result.output : [null, result];
    for (const fd of shown) if (outputs[fd]) streamOf(fd).write(outputs[fd]);
    return result;
  };
}

/**
 * Replaces the descriptors that a child would share with the host by pipes. `shown` are the descriptors whose output
 * is forwarded.
 */
function shownStdio(stdio) {
  const parts = typeof stdio === 'string' ? [stdio, stdio, stdio] : stdio;
  const shown = [];
  if (!Array.isArray(parts)) return { shown };
  const mapped = parts.map((part, index) => {
    const target = part === 'inherit' ? index : descriptorOf(part);
    if (target === 0) return 'ignore';
    if (target !== 1 && target !== 2) return part;
    shown.push(index);
    return 'pipe';
  });
  return { stdio: mapped, shown };
}

function descriptorOf(part) {
  if (part === process.stdout) return 1;
  if (part === process.stderr) return 2;
  return part === 0 || part === 1 || part === 2 ? part : undefined;
}

function streamOf(fd) {
  return fd === 2 ? process.stderr : process.stdout;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

/** Groups that have ended in the meantime are skipped. */
function signalGroups(groups, signal) {
  for (const pid of groups) sendSignal(-pid, constants.signals[signal]);
}

module.exports = { captureChildren, sendSignal, signalGroups };
