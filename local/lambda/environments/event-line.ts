/**
 * The queue of events for the thread of an environment. The thread blocks until the queue has an event. An event that
 * the thread has not begun can be taken back (see worker/bootstrap.cjs for the other end).
 */
import type { Worker } from 'node:worker_threads';
import type { Endpoints, Invocation } from './environment';

/** The elements of the shared memory: how many events were sent, and whether the thread sleeps. */
const SENT = 0;
const ASLEEP = 1;
/** The number of the event that the thread may begin. 0 if it has begun it, or if it was taken back. */
const OPEN = 2;
const WORDS = 3;
const HIGHEST_NUMBER = 2 ** 30;

export interface ThreadEvent extends Invocation {
  timeoutMillis: number;
  /** Undefined if the thread already has them. */
  endpoints: Endpoints | undefined;
}

export class EventLine {
  readonly memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
  readonly #words = new Int32Array(this.memory);
  #number = 0;
  /** Whether the last event was taken back. */
  #isBack = false;

  /** Whether the thread has begun every event that was sent and not taken back. Only then may another one be sent. */
  get isEmpty(): boolean {
    return Atomics.load(this.#words, OPEN) === 0;
  }

  /** Whether the thread has begun the last event, so that it can no longer be taken back. */
  get hasBegun(): boolean {
    return this.isEmpty && !this.#isBack;
  }

  send(worker: Pick<Worker, 'postMessage'>, event: ThreadEvent): void {
    this.#isBack = false;
    this.#number = (this.#number % HIGHEST_NUMBER) + 1;
    Atomics.store(this.#words, OPEN, this.#number);
    worker.postMessage({ ...event, number: this.#number });
    Atomics.add(this.#words, SENT, 1);
    if (Atomics.load(this.#words, ASLEEP) === 1) Atomics.notify(this.#words, SENT);
  }

  /** False if the thread has begun it. */
  takeBack(): boolean {
    this.#isBack ||= Atomics.exchange(this.#words, OPEN, 0) === this.#number;
    return this.#isBack;
  }
}
