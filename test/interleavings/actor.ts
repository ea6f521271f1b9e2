/** One invocation or process. It runs until it makes a call, and continues when the call is answered. */
import type { Call } from '../../lib/testing';

export interface PendingCall {
  call: Call;
  apply: () => unknown;
  /** Identifies the call by its actor, its number, and what the actor knew. This determines the request. */
  name: string;
  /** Set once the call has taken effect. Only this response is still to be delivered. */
  judged?: [unknown];
  resolve: (answer: unknown) => void;
  reject: (error: unknown) => void;
}

export class Actor {
  status: 'ready' | 'running' | 'done' | 'failed' | 'crashed' | 'lost' = 'ready';
  startedAt = 0;
  /** Calls that wait for a response. */
  calls: PendingCall[] = [];
  /** Functions that cancel the alarms that are set. */
  readonly alarms = new Set<() => void>();
  /** What it knows: a digest of all responses in order. */
  memory = '';
  #tokens = 0;
  #calls = 0;

  constructor(
    readonly name: string,
    /** Lambda stops the invocation after this time. */
    readonly limitMilliseconds: number,
    private readonly run: () => Promise<unknown>,
    /** Starts it again, if Lambda retries after a crash or failure. */
    readonly again?: () => void,
    /** Whether it may never start. */
    readonly mayBeLost = false,
    readonly mayBegin = () => true,
  ) {}

  begin(now: number, failed: () => void): void {
    this.status = 'running';
    this.startedAt = now;
    this.run().then(
      () => {
        if (this.status === 'running') this.status = 'done';
      },
      (error: unknown) => {
        this.remember(String(error));
        if (this.status === 'running') failed();
      },
    );
  }

  answer(pending: PendingCall, what: string, effect: () => unknown): void {
    this.calls = this.calls.filter((other) => other !== pending);
    try {
      const answer = effect();
      this.remember(`${what} ${JSON.stringify(answer)}`);
      pending.resolve(answer);
    } catch (error) {
      this.remember(`${what} ${String(error)}`);
      pending.reject(error);
    }
  }

  remember(what: string): void {
    this.memory = digest(`${this.memory} ${what}`);
  }

  /** Waits until the scheduler delivers a response. */
  ask<T>(call: Call, apply: () => T): Promise<T> {
    const name = `${this.name}'s call ${++this.#calls}, ${this.memory}`;
    return new Promise<T>((resolve, reject) => {
      if (this.status !== 'running') return;
      this.calls.push({ call, apply, name, resolve: resolve as (answer: unknown) => void, reject });
    });
  }

  token(): string {
    return `${this.name}'s ${++this.#tokens}`;
  }

  /** From now on, it never receives a response or an alarm. */
  end(status: 'failed' | 'crashed' | 'lost'): void {
    this.status = status;
    this.calls = [];
    for (const cancel of this.alarms) cancel();
    this.alarms.clear();
  }

  /** Whether it never does anything again, so that nothing depends on its knowledge. */
  get isOver(): boolean {
    return (
      this.status !== 'ready' &&
      this.status !== 'running' &&
      this.calls.length === 0 &&
      this.alarms.size === 0
    );
  }
}

// Looked up once, because in jest's sandbox a global is slower than the multiplication.
const { imul } = Math;

/** 53 bits of a text, by cyrb53: fast, and enough to distinguish millions of states. */
export function digest(text: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n);
    high = imul(high ^ code, 2654435761);
    low = imul(low ^ code, 1597334677);
  }
  high = imul(high ^ (high >>> 16), 2246822507) ^ imul(low ^ (low >>> 13), 3266489909);
  low = imul(low ^ (low >>> 16), 2246822507) ^ imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}
