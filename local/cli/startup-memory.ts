/** Gives back the memory that only the start needed: 50 MB of garbage and room for it, which V8 would keep while nothing happens. */

/** After the start, when nobody waits any more. */
const AFTER_MILLIS = 500;

export function releaseStartupMemory(): void {
  setTimeout(collectGarbage, AFTER_MILLIS).unref();
}

/** Pauses the process for some 0.1 s. */
function collectGarbage(): void {
  const inspector = inspectorOrNothing();
  if (!inspector) return;
  const session = new inspector.Session();
  session.connect();
  // The collection that V8 makes when memory is low. No function of Node.js asks for it.
  session.post('HeapProfiler.collectGarbage', () => {
    // A session that ends within its own answer would block the process.
    setImmediate(() => session.disconnect());
  });
}

/** Some builds of Node.js have none. */
function inspectorOrNothing(): typeof import('node:inspector') | undefined {
  try {
    return require('node:inspector') as typeof import('node:inspector');
  } catch {
    return undefined;
  }
}
