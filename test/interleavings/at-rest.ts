/** Waits until nothing continues by itself, in a world where everything that is awaited is a promise of the fakes. */

// Looked up once, because in jest's sandbox a global is slower than the call.
const { nextTick } = process;

/** Runs after every promise that can continue, without a turn of the event loop. */
export function atRest(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}
