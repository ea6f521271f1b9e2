/** The events that the console shows. */

export type ConsoleEvent =
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
  /** Without `status` if there was no answer. */
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

/** With its number in this run, starting at 1, and its time in milliseconds since the epoch. */
export type NumberedEvent = ConsoleEvent & { n: number; at: number };

/** Counted for each second. */
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
