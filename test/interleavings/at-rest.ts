/** Waits until nothing goes on by itself any more, in a world where all that anybody awaits is a promise of the fakes. */

// Looked up once: in jest's sandbox a global costs more than the call.
const { nextTick } = process;

/** What is asked for here comes after every promise that could go on, and without a turn of the event loop. */
export function atRest(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}
