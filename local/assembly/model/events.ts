/** EventBridge: event buses with their rules, and schedules. */
import type { JsonObject } from '../values/json';

export interface EventBus {
  path: string;
  name: string;
  busArn: string;
  /** The rules that match events. Scheduled rules are in `App.schedules`. */
  rules: EventRule[];
}

export interface EventRule {
  path: string;
  ruleName: string;
  ruleArn: string;
  pattern: JsonObject;
  targets: EventTarget[];
}

/** Where a rule or a schedule delivers to: a function, queue, topic or event bus that it may use. */
export interface EventTarget {
  arn: string;
  /** What to deliver instead of the event. @default the event */
  input?: EventInput;
  /** For a FIFO queue. */
  messageGroupId?: string;
  deadLetterArn?: string;
}

export type EventInput =
  /** JSON text. */
  | { kind: 'constant'; text: string }
  | { kind: 'path'; path: string }
  | { kind: 'template'; paths: Record<string, string>; template: string };

/** A scheduled rule of EventBridge, or a schedule of EventBridge Scheduler. */
export interface Schedule {
  path: string;
  arn: string;
  service: 'events' | 'scheduler';
  timing: ScheduleTiming;
  targets: EventTarget[];
}

export type ScheduleTiming =
  | { kind: 'rate'; intervalMillis: number; start?: number; end?: number }
  /** The six fields of AWS's cron expressions. */
  | { kind: 'cron'; expression: string; timeZone: string; start?: number; end?: number }
  | { kind: 'at'; at: number };
