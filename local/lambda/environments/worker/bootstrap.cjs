// The entry point of an execution environment's worker thread. It loads the handler, runs one event at a time, and
// freezes between events, as Lambda's environments do. It is plain JavaScript so that a thread starts without
// compiling.
'use strict';

const { parentPort, receiveMessageOnPort, resourceLimits, workerData } = require('node:worker_threads');
const { syncBuiltinESMExports } = require('node:module');
const { redirectAwsHosts } = require('./aws-hosts.cjs');
const { moduleFolders } = require('./code-folder.cjs');
const { captureChildren, signalGroups } = require('./child-processes.cjs');
const { hideTheHost, startClocks } = require('./hide-host.cjs');
const { loadHandler } = require('./handler.cjs');
const { failed, invocationStyle, reportUncaught } = require('./invocation.cjs');
const { limitMemory } = require('./memory-limit.cjs');
const { captureOutput } = require('./output.cjs');
const { confineOwnThreads, confineProcess } = require('./own-process.cjs');
const { watchWork } = require('./pending-work.cjs');
const { settleIn } = require('./working-folder.cjs');

startClocks();

const { taskRoot, layerRoot, handlerName, functionContext, nodeOptions, memoryBytes, nodeMajor } = workerData;
const invoke = invocationStyle(nodeMajor);
/** The elements of the line's memory: see event-line.ts. */
const line = new Int32Array(workerData.line);
const SENT = 0;
const ASLEEP = 1;
const OPEN = 2;
const { compareExchange, load, store, wait } = Atomics;
const send = parentPort.postMessage.bind(parentPort);

/**
 * Blocks the whole thread, with its remaining timers and sockets, until the host sends the next event. Skips events that
 * the host has taken back. The host wakes only a sleeping thread, because every wake-up is expensive.
 */
function nextEvent(setEndpoints) {
  for (;;) {
    const seen = load(line, SENT);
    const received = receiveMessageOnPort(parentPort);
    if (received) {
      const { message } = received;
      if (message.endpoints) setEndpoints(message.endpoints);
      if (compareExchange(line, OPEN, message.number, 0) === message.number) return message;
      continue;
    }
    store(line, ASLEEP, 1);
    wait(line, SENT, seen);
    store(line, ASLEEP, 0);
  }
}

function contextOf({ requestId, timeoutMillis, invokedFunctionArn, clientContext }) {
  const deadline = Date.now() + timeoutMillis;
  return {
    ...functionContext,
    clientContext: clientContext && JSON.parse(clientContext),
    ...(invokedFunctionArn && { invokedFunctionArn }),
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/**
 * Without active tracing nothing is sampled, but every invocation still has a trace id. The ids of an environment
 * differ in a count that starts at a random number.
 */
const traceOfEnvironment = randomHex(16);
let traceCount = Math.floor(Math.random() * 2 ** 32);

function traceId() {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  traceCount += 1;
  const own = (traceCount >>> 0).toString(16).padStart(8, '0');
  return `Root=1-${seconds}-${traceOfEnvironment}${own};Parent=${own}${own};Sampled=0`;
}

function randomHex(digits) {
  let text = '';
  while (text.length < digits)
    text += Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return text;
}

async function answerTo(handler, invocation) {
  try {
    process.env._X_AMZN_TRACE_ID = traceId();
    return await invoke(handler, JSON.parse(invocation.payload), contextOf(invocation));
  } catch (error) {
    return failed('error', error);
  }
}

/** Lambda's Node.js runtime runs the event loop once between the end of the handler and the response. */
const oneTurn = () => new Promise((resolve) => setImmediate(resolve));

async function main() {
  process.setSourceMapsEnabled(true);
  const output = captureOutput((stream, text) => send({ kind: 'output', stream, text }));
  process.on('exit', () => output.flush());
  const { reallyExit } = process;
  const die = (how) => {
    output.flush();
    send({ kind: 'exit', how });
    reallyExit.call(process, 1);
  };
  const children = captureChildren((change) => send({ kind: 'children', ...change }));
  limitMemory(memoryBytes, die);
  confineProcess(die, children);
  confineOwnThreads(die, { memoryBytes, resourceLimits });
  const { setEndpoints, openingConnections, hold, release } = redirectAwsHosts(workerData.endpoints);
  const work = watchWork(openingConnections);
  settleIn(taskRoot, layerRoot);
  hideTheHost(nodeOptions);
  syncBuiltinESMExports();

  reportUncaught(nodeMajor, (answer) => {
    output.flush();
    send(answer);
    reallyExit.call(process, 1);
  });

  let handler;
  try {
    handler = await loadHandler(moduleFolders(taskRoot, layerRoot, nodeMajor), handlerName, nodeMajor);
  } catch (error) {
    send(failed('fatal', error));
    process.exit(1);
  }
  await work.forget();
  output.flush();
  send({ kind: 'ready' });

  for (;;) {
    signalGroups(children, 'SIGSTOP');
    const invocation = nextEvent(setEndpoints);
    signalGroups(children, 'SIGCONT');
    release();
    const answer = await answerTo(handler, invocation);
    hold();
    await oneTurn();
    const leftovers = work.isQuiet() ? {} : await work.left();
    output.flush();
    send({ ...answer, leftovers });
  }
}

void main();
