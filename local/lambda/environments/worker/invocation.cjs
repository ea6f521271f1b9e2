// Invokes a handler by the rules of its runtime. Up to Node.js 22, a handler may respond through callbacks
// (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client, version 3); from Node.js 24 on, only through
// its promise (version 4).
'use strict';

const { inspect } = require('node:util');
const { errorRecord, namedError } = require('./error-record.cjs');

const LAST_WITH_CALLBACKS = 22;
const NEVER_SETTLED =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';

/**
 * The handler's `this`. Lambda's client calls the handler as a method of its class `Runtime`, so stack traces say
 * `Runtime.handler`, and a handler that is an unbound method has the same `this` in every invocation.
 */
const RUNTIME = new (class Runtime {})();

/**
 * Returns how a runtime with this major version of Node.js runs a handler: `(handler, event, context) =>
 * Promise<answer>`.
 */
function invocationStyle(nodeMajor) {
  return nodeMajor > LAST_WITH_CALLBACKS ? byPromise : byAnyMeans;
}

async function byPromise(handler, event, context) {
  return succeeded(await handler.call(RUNTIME, event, context));
}

/**
 * Settles at the first of these: a callback, a function of the context, the handler's promise, or an empty event
 * loop.
 */
function byAnyMeans(handler, event, context) {
  return new Promise((resolve, reject) => {
    let waitsForEmptyEventLoop = true;
    let isDone = false;
    let whenAllIsDone = () => {
      if (isAsync(handler)) reject(namedError('Runtime.NodeJsExit', NEVER_SETTLED));
      else resolve(succeeded(null));
    };
    process.once('beforeExit', () => whenAllIsDone());
    const first =
      (act) =>
      (...args) => {
        if (isDone) return;
        isDone = true;
        whenAllIsDone = () => {};
        act(...args);
      };
    const isError = (error) => error !== undefined && error !== null;
    const answer = (result) => {
      try {
        resolve(succeeded(result));
      } catch (error) {
        reject(error);
      }
    };
    const done = (error, result) => (isError(error) ? reject(error) : answer(result));
    const callback = first((error, result) => {
      if (isError(error) || !waitsForEmptyEventLoop) done(error, result);
      else whenAllIsDone = () => answer(result);
    });
    const fail = first((error) => reject(isError(error) ? error : 'handled'));
    const succeed = first((result) => done(null, result));
    Object.defineProperty(context, 'callbackWaitsForEmptyEventLoop', {
      enumerable: true,
      get: () => waitsForEmptyEventLoop,
      set: (value) => {
        waitsForEmptyEventLoop = value;
      },
    });
    Object.assign(context, { succeed, fail, done: first(done) });
    try {
      const result = handler.call(RUNTIME, event, context, callback);
      if (typeof result?.then === 'function') result.then(succeed, fail);
    } catch (error) {
      callback(error);
    }
  }).finally(() => process.removeAllListeners('beforeExit'));
}

function isAsync(handler) {
  return handler.constructor?.name === 'AsyncFunction';
}

function succeeded(result) {
  try {
    return { kind: 'answer', payload: JSON.stringify(result) ?? 'null' };
  } catch (cause) {
    throw namedError('Runtime.JSONStringifyError', 'Unable to stringify response body', { cause });
  }
}

function failed(kind, error) {
  return { kind, record: errorRecord(error), detail: describe(error) };
}

function describe(error) {
  try {
    return inspect(error);
  } catch {
    return 'The error cannot be shown: its own properties throw.';
  }
}

/**
 * Up to Node.js 22, the runtime reports an uncaught error as the error of the invocation and then ends; later
 * versions only end. `end` is called with the response.
 */
function reportUncaught(nodeMajor, end) {
  if (nodeMajor > LAST_WITH_CALLBACKS) return;
  process.on('uncaughtException', (error) => end(failed('fatal', error)));
  process.on('unhandledRejection', (reason) => {
    const error = namedError('Runtime.UnhandledPromiseRejection', String(reason), { cause: reason });
    end(failed('fatal', error));
  });
}

module.exports = { failed, invocationStyle, LAST_WITH_CALLBACKS, reportUncaught };
