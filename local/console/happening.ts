/** What the console shows of the runtime: one kind for each type of event. */

export type Happening =
  | { kind: 'opened'; connection: string; stage: string; from: string; user?: string }
  | { kind: 'refused'; path: string; from: string; status: number }
  | { kind: 'closed'; connection: string; stage: string; code: number; reason: string; millis: number }
  | { kind: 'message'; connection: string; stage: string; route: string; bytes: number; text: string }
  | {
      kind: 'answer';
      connection: string;
      stage: string;
      route: string;
      status: number;
      millis: number;
      text?: string;
    }
  /** `status` is missing if there was no answer. */
  | {
      kind: 'post';
      connection: string;
      stage: string;
      method: string;
      status?: number;
      bytes?: number;
      text?: string;
    }
  | { kind: 'start'; function: string; request: string; subject?: string; cold: boolean; attempt: number }
  | {
      kind: 'end';
      function: string;
      request: string;
      subject?: string;
      cold: boolean;
      attempt: number;
      millis: number;
      initMillis?: number;
      error?: string;
    }
  | { kind: 'output'; function: string; request: string; text: string }
  | { kind: 'notice'; function: string; text: string }
  | { kind: 'log'; level: 'info' | 'warn' | 'error'; text: string }
  | { kind: 'fault'; name: string; subject?: string };

/** With its number in this run, from 1, and its time in milliseconds since the epoch. */
export type Numbered = Happening & { n: number; at: number };

/** What is counted for each second. */
export const COUNTED = [
  'opened',
  'closed',
  'refused',
  'messages',
  'delivered',
  'gone',
  'throttled',
  'failed',
  'invocations',
  'errors',
  'cold',
  'faults',
] as const;
export type Counted = (typeof COUNTED)[number];
