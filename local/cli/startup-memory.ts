/** Frees the memory that only the start needed: 50 MB, which V8 would keep while the runtime is idle. */

/** Runs after the start, when it delays nobody. */
const AFTER_MILLIS = 500;

export function releaseStartupMemory(): void {
  setTimeout(collectGarbage, AFTER_MILLIS).unref();
}

/** Pauses the process for about 0.1 s. */
function collectGarbage(): void {
  const inspector = inspectorOrNothing();
  if (!inspector) return;
  const session = new inspector.Session();
  session.connect();
  // Triggers the garbage collection that V8 runs when memory is low, for which Node.js has no function.
  session.post('HeapProfiler.collectGarbage', () => {
    // A session that ends within its own answer would block the process.
    setImmediate(() => session.disconnect());
  });
}

/** Missing from some builds of Node.js. */
function inspectorOrNothing(): typeof import('node:inspector') | undefined {
  try {
    return require('node:inspector') as typeof import('node:inspector');
  } catch {
    return undefined;
  }
}
