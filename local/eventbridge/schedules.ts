/** Scheduled rules and schedules of EventBridge: each delivers at its times, by the runtime's clock. */
import { randomUUID } from 'node:crypto';
import type { EventTarget, Schedule, ScheduleTiming } from '../assembly/model';
import type { Alarm, Clock } from '../clock';
import { CronExpression } from './cron';
import { scheduledEvent, scheduledInput } from './scheduled-event';

/** Timers allow delays of up to 24 days. Schedules may be longer. */
const LONGEST_WAIT_MILLIS = 24 * 60 * 60_000;

export interface SchedulesOptions {
  schedules: Schedule[];
  region: string;
  accountId: string;
  /** Gets the event for one target. */
  deliver(schedule: Schedule, target: EventTarget, event: string): void;
  clock: Clock;
}

export class Schedules {
  readonly #options: SchedulesOptions;
  readonly #alarms = new Map<Schedule, Alarm>();

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  start(): void {
    this.replace(this.#options.schedules);
  }

  /**
   * Replaces the schedules. Unchanged schedules keep their times. A rate first runs one interval from now; on AWS, it
   * first runs one interval after the rule was created.
   */
  replace(schedules: Schedule[]): void {
    const started = new Map(schedules.map((schedule) => [JSON.stringify(schedule), schedule]));
    for (const [schedule, alarm] of this.#alarms) {
      if (started.delete(JSON.stringify(schedule))) continue;
      alarm.cancel();
      this.#alarms.delete(schedule);
    }
    const now = this.#options.clock.now();
    for (const schedule of started.values()) this.#wait(schedule, timesOf(schedule.timing, now), now);
  }

  stop(): void {
    for (const alarm of this.#alarms.values()) alarm.cancel();
    this.#alarms.clear();
  }

  #wait(schedule: Schedule, times: Times, after: number): void {
    const due = times(after);
    if (due === undefined) this.#alarms.delete(schedule);
    else this.#waitUntil(schedule, times, due);
  }

  #waitUntil(schedule: Schedule, times: Times, due: number): void {
    const { clock } = this.#options;
    const left = Math.min(due - clock.now(), LONGEST_WAIT_MILLIS);
    const alarm = clock.after(left, () => {
      if (clock.now() < due) {
        this.#waitUntil(schedule, times, due);
        return;
      }
      this.#run(schedule, due);
      // Skips runs that were due while the machine was asleep.
      this.#wait(schedule, times, clock.now());
    });
    this.#alarms.set(schedule, alarm);
  }

  #run(schedule: Schedule, due: number): void {
    const { region, accountId, deliver } = this.#options;
    const event = scheduledEvent(schedule, { due, region, accountId, id: randomUUID() });
    for (const target of schedule.targets) deliver(schedule, scheduledInput(schedule, target, due), event);
  }
}

/** The first time after the given one. */
type Times = (after: number) => number | undefined;

function timesOf(timing: ScheduleTiming, startedAt: number): Times {
  if (timing.kind === 'at') return (after) => (timing.at > after ? timing.at : undefined);
  const { start = Number.NEGATIVE_INFINITY, end = Number.POSITIVE_INFINITY } = timing;
  const next = timing.kind === 'cron' ? cronTimes(timing) : rateTimes(timing, startedAt);
  return (after) => {
    const time = next(Math.max(after, start - 1));
    return time === undefined || time > end ? undefined : time;
  };
}

function cronTimes({ expression, timeZone }: ScheduleTiming & { kind: 'cron' }): Times {
  const cron = new CronExpression(expression, timeZone);
  return (after) => cron.after(after);
}

/** Counts from the schedule's start, inclusive, or else from its creation. */
function rateTimes({ intervalMillis, start }: ScheduleTiming & { kind: 'rate' }, startedAt: number): Times {
  const first = start ?? startedAt + intervalMillis;
  return (after) => {
    if (after < first) return first;
    return first + (Math.floor((after - first) / intervalMillis) + 1) * intervalMillis;
  };
}
