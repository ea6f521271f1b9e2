/**
 * Makes this process run in UTC, like functions on Lambda, because its threads cannot have their own time zone.
 * Returns a function that formats a time in the user's own zone, even across a change of daylight saving time.
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
    // Every line of a busy log calls this, mostly for the same second.
    if (Math.floor(at / 1000) !== second) {
      second = Math.floor(at / 1000);
      text = ofThePerson.format(second * 1000);
    }
    return `${text}.${String(at % 1000).padStart(3, '0')}`;
  };
}
