/**
 * AWS's cron expressions: six fields, with weekdays from 1 (Sunday) to 7.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
import { Cron } from 'croner';

const FIELDS = /^[\d*,/?\-#A-Z]+$/i;

export class CronExpression {
  readonly #cron: Cron;

  /**
   * @param fields the text inside `cron(…)`
   * @throws {Error} with the reason why AWS would refuse it
   */
  constructor(fields: string, timeZone = 'UTC') {
    const parts = fields.trim().split(/\s+/);
    if (parts.length !== 6 || parts.some((part) => !FIELDS.test(part))) {
      throw new Error(
        'cron expressions must have six fields: minutes, hours, day of month, month, day of week, year',
      );
    }
    const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = parts as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
      throw new Error('exactly one of day of month and day of week must be ?');
    }
    if ([minutes, hours, month, year].some((part) => part.includes('?'))) {
      throw new Error('? is only allowed for day of month and day of week');
    }
    // The last day of the week is Saturday.
    const weekday = dayOfWeek.toUpperCase() === 'L' ? '7' : dayOfWeek;
    this.#cron = new Cron(['0', minutes, hours, dayOfMonth, month, weekday, year].join(' '), {
      ...{ paused: true, timezone: timeZone },
      // Allows `5/10` without an end, and counts Sunday as 1.
      ...{ sloppyRanges: true, alternativeWeekdays: true },
    });
    this.#cron.nextRun();
  }

  /** The next time after this one, in milliseconds since the epoch; `undefined` if there is none. */
  after(time: number): number | undefined {
    return this.#cron.nextRun(new Date(time))?.getTime();
  }
}
