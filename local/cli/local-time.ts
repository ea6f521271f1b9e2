/**
 * Makes this process run in UTC, as functions on Lambda do: its threads cannot have a time zone of their own. Returns what
 * writes a time as the clock on the person's wall has it, be it after a change of daylight saving time.
 */
export function runInUtc(): (at: number) => string {
  const ofThePerson = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  });
  process.env.TZ = 'UTC';
  return (at) => ofThePerson.format(at);
}
