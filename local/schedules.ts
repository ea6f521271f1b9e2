/** EventBridge's scheduled rules: invokes their functions at their rates, by the runtime's clock. */
import { randomUUID } from 'node:crypto';
import type { Schedule } from './assembly/model';
import type { Alarm, Clock } from './clock';
import type { FunctionInvoker } from './lambda/invocation';

/** Timers take no longer delays than 24 days, and rates may be longer. */
const LONGEST_WAIT_MILLIS = 24 * 60 * 60_000;

export interface SchedulesOptions {
  schedules: Schedule[];
  region: string;
  accountId: string;
  invoker: FunctionInvoker;
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

  /** Runs these. One that is as before keeps its time; the first time of others is an interval from now, as on AWS it is from the rule's creation. */
  replace(schedules: Schedule[]): void {
    const started = new Map(schedules.map((schedule) => [JSON.stringify(schedule), schedule]));
    for (const [schedule, alarm] of this.#alarms) {
      if (started.delete(JSON.stringify(schedule))) continue;
      alarm.cancel();
      this.#alarms.delete(schedule);
    }
    const { clock } = this.#options;
    for (const schedule of started.values()) this.#wait(schedule, clock.now() + schedule.intervalMillis);
  }

  stop(): void {
    for (const alarm of this.#alarms.values()) alarm.cancel();
    this.#alarms.clear();
  }

  #wait(schedule: Schedule, due: number): void {
    const { clock } = this.#options;
    const left = Math.min(due - clock.now(), LONGEST_WAIT_MILLIS);
    const alarm = clock.after(left, () => {
      const now = clock.now();
      if (now < due) {
        this.#wait(schedule, due);
        return;
      }
      this.#run(schedule, due);
      // What fell into the sleep of the machine is not made up for.
      const missed = Math.floor((now - due) / schedule.intervalMillis);
      this.#wait(schedule, due + (missed + 1) * schedule.intervalMillis);
    });
    this.#alarms.set(schedule, alarm);
  }

  #run({ ruleArn, targets }: Schedule, due: number): void {
    const { invoker } = this.#options;
    for (const { functionName, input } of targets) {
      invoker.invokeAsync(functionName, input ?? this.#event(ruleArn, due));
    }
  }

  /** As EventBridge's page "Creating a rule that runs on a schedule" shows it. */
  #event(ruleArn: string, due: number): string {
    const { region, accountId } = this.#options;
    return JSON.stringify({
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: accountId,
      time: new Date(due).toISOString().replace(/\.\d+Z$/, 'Z'),
      region,
      resources: [ruleArn],
      detail: {},
    });
  }
}
