// Confines what a function does to its process to its own environment, because all environments share the host's
// process. A signal that the function sends to itself ends the thread. It can also signal its children, but finds no
// other process.
'use strict';

const os = require('node:os');
const v8 = require('node:v8');
const workerThreads = require('node:worker_threads');
const { captureChildren, sendSignal } = require('./child-processes.cjs');
const { limitMemory } = require('./memory-limit.cjs');

const { signals } = os.constants;
const nameOf = new Map(Object.entries(signals).map(([name, number]) => [number, name]));

/** Signals that do not end Node.js: it handles them itself, or their default is to do nothing. */
const HARMLESS = new Set(['SIGPIPE', 'SIGUSR1', 'SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH', 'SIGIO']);
const STOPPING = new Set(['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU']);
/** The names of the signals in Go, the language of Lambda's supervisor. */
const WORDS = {
  SIGABRT: 'aborted (core dumped)',
  SIGALRM: 'alarm clock',
  SIGBUS: 'bus error (core dumped)',
  SIGFPE: 'floating point exception (core dumped)',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction (core dumped)',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGQUIT: 'quit (core dumped)',
  SIGSEGV: 'segmentation fault (core dumped)',
  SIGSYS: 'bad system call (core dumped)',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap (core dumped)',
  SIGUSR2: 'user defined signal 2',
};
/** The key under which the function's own threads find their shared data. */
const SHARED_KEY = 'shared-connection';

/**
 * @param die ends the environment immediately: `die('signal: killed')`.
 * @param children the process groups that the function has started.
 */
function confineProcess(die, children) {
  const dieOf = (name) => die(`signal: ${WORDS[name] ?? name.slice(3).toLowerCase()}`);
  const raise = (name) => {
    if (process.listenerCount(name) > 0) setImmediate(() => process.emit(name, name, signals[name]));
    else if (STOPPING.has(name)) stopForGood();
    else if (!HARMLESS.has(name)) dieOf(name);
  };
  process.kill = (pid, signal = 'SIGTERM') => {
    const target = Number(pid);
    if (!Number.isInteger(target)) {
      throw Object.assign(new TypeError('The "pid" argument must be a number'), {
        code: 'ERR_INVALID_ARG_TYPE',
      });
    }
    const name = signalName(signal);
    if (children.has(Math.abs(target))) {
      if (sendSignal(target, name === undefined ? 0 : signals[name]) !== 0) throw noSuchProcess();
    } else if (isOwn(target)) {
      if (name !== undefined) raise(name);
    } else {
      throw noSuchProcess();
    }
    return true;
  };
  process._kill = (pid, number) => {
    process.kill(pid, number);
    return 0;
  };
  process.abort = () => dieOf('SIGABRT');
  process.dlopen = (_module, file) => {
    throw Object.assign(
      new Error(`${file} is native code, which cannot be loaded in a thread. Start with --isolation process`),
      { code: 'ERR_DLOPEN_FAILED' },
    );
  };
  // These would also change the host.
  for (const name of ['_debugProcess', '_debugEnd', '_startProfilerIdleNotifier']) process[name] = () => {};
  v8.setFlagsFromString = () => {};
  const { setPriority } = os;
  os.setPriority = (...args) => {
    if (args.length > 1 && children.has(args[0])) setPriority(...args);
  };
}

/**
 * 0 and -1 mean every process that the function can reach, including itself. 1 and the parent process run its
 * environment.
 */
function isOwn(pid) {
  return pid === 0 || [1, process.pid, process.ppid].includes(Math.abs(pid));
}

function stopForGood() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0);
}

/** Undefined for 0, which only checks whether a process exists. */
function signalName(signal) {
  if (signal === 0) return undefined;
  const name = typeof signal === 'number' ? nameOf.get(signal) : signal;
  if (typeof name === 'string' && Object.hasOwn(signals, name)) return name;
  throw Object.assign(new TypeError(`Unknown signal: ${String(signal)}`), { code: 'ERR_UNKNOWN_SIGNAL' });
}

function noSuchProcess() {
  const errno = -os.constants.errno.ESRCH;
  return Object.assign(new Error('kill ESRCH'), { errno, code: 'ESRCH', syscall: 'kill' });
}

/**
 * Makes the function's own threads end the environment when they do what would end the process on Lambda.
 * @param shared passed on to these threads: `memoryBytes` and `resourceLimits`.
 */
function confineOwnThreads(die, shared) {
  const { BroadcastChannel, setEnvironmentData, threadId, Worker } = workerThreads;
  let channel;
  const openChannel = () => {
    channel = new BroadcastChannel(`${SHARED_KEY} ${process.pid} ${threadId}`);
    channel.onmessage = ({ data }) => die(data);
    channel.unref();
    setEnvironmentData(SHARED_KEY, { ...shared, channelName: channel.name });
  };
  workerThreads.Worker = class extends Worker {
    constructor(file, options = {}) {
      if (!channel) openChannel();
      super(file, {
        ...options,
        execArgv: [...(options.execArgv ?? []), '--require', __filename],
        resourceLimits: { ...shared.resourceLimits, ...options.resourceLimits },
      });
    }
  };
}

/**
 * Runs in each of the function's own threads before its code. It tells the environment's thread when the process
 * would have ended.
 */
function confineThisThread() {
  const shared = workerThreads.getEnvironmentData(SHARED_KEY);
  if (shared === undefined) return;
  const die = (how) => {
    new workerThreads.BroadcastChannel(shared.channelName).postMessage(how);
    stopForGood();
  };
  limitMemory(shared.memoryBytes, die);
  confineProcess(
    die,
    captureChildren(() => {}),
  );
  confineOwnThreads(die, shared);
}

if (module.parent?.id === 'internal/preload') confineThisThread();

module.exports = { confineOwnThreads, confineProcess };
