/**
 * The event that a schedule sends to its targets. @see
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
 */
import { randomUUID } from 'node:crypto';
import type { EventTarget, Schedule } from '../assembly/model';

export interface Occasion {
  due: number;
  region: string;
  accountId: string;
  id: string;
}

export function scheduledEvent({ arn, service }: Schedule, { due, region, accountId, id }: Occasion): string {
  return JSON.stringify({
    version: '0',
    id,
    'detail-type': 'Scheduled Event',
    source: service === 'events' ? 'aws.events' : 'aws.scheduler',
    account: accountId,
    time: eventTime(due),
    region,
    resources: [arn],
    // EventBridge Scheduler sends text here.
    detail: service === 'events' ? {} : '{}',
  });
}

/** Times in events are in whole seconds. */
export function eventTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * EventBridge Scheduler fills in attributes of the run.
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
export function scheduledInput({ arn, service }: Schedule, target: EventTarget, due: number): EventTarget {
  const { input } = target;
  if (service === 'events' || input?.kind !== 'constant') return target;
  const attributes: Record<string, string> = {
    'schedule-arn': arn,
    'scheduled-time': eventTime(due),
    'execution-id': randomUUID(),
    'attempt-number': '1',
  };
  const text = input.text.replace(
    /<aws\.scheduler\.([a-z-]+)>/g,
    (whole, name: string) => attributes[name] ?? whole,
  );
  return { ...target, input: { kind: 'constant', text } };
}
