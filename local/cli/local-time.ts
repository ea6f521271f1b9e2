/**
 * Makes this process run in UTC, as functions on Lambda do: its threads cannot have a time zone of their own. Returns what
 * writes a time as the clock on the person's wall has it, be it after a change of daylight saving time.
 */
export function runInUtc(): (at: number) => string {
  const ofThePerson = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  process.env.TZ = 'UTC';
  let second = Number.NaN;
  let text = '';
  return (at) => {
    // Every line of a busy log asks, and most of them for the same second.
    if (Math.floor(at / 1000) !== second) {
      second = Math.floor(at / 1000);
      text = ofThePerson.format(second * 1000);
    }
    return `${text}.${String(at % 1000).padStart(3, '0')}`;
  };
}
