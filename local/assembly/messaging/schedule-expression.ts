/** Schedule expressions of EventBridge and EventBridge Scheduler: `rate(5 minutes)`, `cron(0 12 * * ? *)`, `at(2026-01-01T00:00:00)`. */
import { CronExpression } from '../../eventbridge/cron';
import type { ScheduleTiming } from '../model';
import type { Resource } from '../values/resource';

const UNIT_MILLIS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export interface Window {
  timeZone?: string;
  start?: number;
  end?: number;
}

/**
 * @param isScheduler whether `at(…)` is allowed, too
 * @throws {UserError} if AWS refuses it
 */
export function readScheduleExpression(
  resource: Resource,
  isScheduler: boolean,
  { timeZone = 'UTC', ...window }: Window = {},
): ScheduleTiming {
  const expression = resource.text('ScheduleExpression') ?? '';
  const [, fields] = /^cron\((.+)\)$/.exec(expression) ?? [];
  if (fields !== undefined) {
    checkCron(fields, timeZone, resource);
    return { kind: 'cron', expression: fields, timeZone, ...window };
  }
  const [, time] = (isScheduler && /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression)) || [];
  if (time !== undefined) return { kind: 'at', at: instant(time, timeZone, resource) };
  return { kind: 'rate', intervalMillis: intervalMillis(expression, resource), ...window };
}

/** EventBridge's page on schedule expressions: the unit must agree with the number. */
function intervalMillis(expression: string, resource: Resource): number {
  const [, digits = '', unit = '', plural] =
    /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  const unitMillis = UNIT_MILLIS[unit];
  if (unitMillis === undefined || (digits === '1') !== (plural === '')) {
    throw resource.mistake(
      `its ScheduleExpression is ${expression}, which AWS refuses; write rate(1 minute), rate(5 minutes), or the same with hours or days, or cron(0 12 * * ? *)`,
    );
  }
  return Number(digits) * unitMillis;
}

function checkCron(fields: string, timeZone: string, resource: Resource): void {
  try {
    new CronExpression(fields, timeZone).after(0);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw resource.mistake(`its ScheduleExpression is cron(${fields}), which AWS refuses: ${reason}`);
  }
}

/** A local time in a time zone, as a cron expression that matches once. */
function instant(time: string, timeZone: string, resource: Resource): number {
  const [, year, month, day, hours, minutes, seconds] = (
    /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)$/.exec(time) ?? []
  ).map(Number);
  const fields = `${minutes} ${hours} ${day} ${month} ? ${year}`;
  checkCron(fields, timeZone, resource);
  const found = new CronExpression(fields, timeZone).after(0);
  if (found === undefined)
    throw resource.mistake(`its ScheduleExpression is at(${time}), but there is no such time`);
  return found + (seconds ?? 0) * 1000;
}
