/** What EventBridge runs at set times: scheduled rules, and the schedules of EventBridge Scheduler. */

import type { Assembly } from '../assembly';
import { Attempts } from '../attempts';
import type { OtherResource, Schedule } from '../model';
import type { Resource } from '../values/resource';
import { busOfRule, DEFAULT_BUS } from '../values/resource-values';
import type { AppTargets } from './app-targets';
import { arnOf, isOff, RULE, targetsOf } from './event-buses';
import { readScheduleTarget } from './event-targets';
import { readScheduleExpression, type Window } from './schedule-expression';

/** Reads all that are enabled. */
export function readSchedules(
  assembly: Assembly,
  targets: AppTargets,
): { schedules: Schedule[]; notRun: OtherResource[] } {
  const attempts = new Attempts();
  const schedules: Schedule[] = [];
  const add = (resource: Resource, read: () => Schedule) => {
    const schedule = isOff(resource) ? undefined : attempts.try(resource, read);
    if (schedule && schedule.targets.length > 0) schedules.push(schedule);
  };
  for (const rule of assembly.resources(RULE)) {
    if (rule.properties.ScheduleExpression === undefined) continue;
    add(rule, () => readScheduledRule(rule, attempts, targets));
  }
  for (const schedule of assembly.resources('AWS::Scheduler::Schedule')) {
    add(schedule, () => readSchedule(schedule, targets));
  }
  return { schedules, notRun: attempts.notRun };
}

function readScheduledRule(rule: Resource, attempts: Attempts, targets: AppTargets): Schedule {
  const bus = busOfRule(rule);
  if (bus !== DEFAULT_BUS) {
    throw rule.mistake(
      `is a scheduled rule of the event bus ${bus}; EventBridge allows them only on the default bus`,
    );
  }
  const timing = readScheduleExpression(rule, false);
  const arn = arnOf(rule);
  return {
    path: rule.path,
    ...{ arn, service: 'events', timing },
    targets: targetsOf(rule, arn, attempts, targets, () => true),
  };
}

function readSchedule(schedule: Resource, targets: AppTargets): Schedule {
  const timeZone = schedule.text('ScheduleExpressionTimezone');
  const [start, end] = ['StartDate', 'EndDate'].map((name) => timeOf(schedule, name));
  const window: Window = {
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
  };
  return {
    path: schedule.path,
    arn: arnOf(schedule),
    service: 'scheduler',
    timing: readScheduleExpression(schedule, true, window),
    targets: [readScheduleTarget(schedule.property('Target') ?? null, schedule, targets)],
  };
}

function timeOf(schedule: Resource, name: string): number | undefined {
  const text = schedule.text(name);
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw schedule.mistake(`its ${name} is ${text}, which is not a time`);
  return time;
}
