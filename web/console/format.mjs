/** Numbers and times as people read them. */

const NUMBERS = new Intl.NumberFormat('en');

export function count(number) {
  return NUMBERS.format(number);
}

export function plural(number, noun, many = `${noun}s`) {
  return `${count(number)} ${number === 1 ? noun : many}`;
}

export function timeOfDay(at) {
  const time = new Date(at);
  const two = (part) => String(part).padStart(2, '0');
  const millis = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${millis}`;
}

/** `850 ms`, `12 s`, `3 min`, `2 h 5 min` */
export function duration(millis) {
  if (millis < 10) return `${millis.toFixed(1)} ms`;
  if (millis < 1_000) return `${Math.round(millis)} ms`;
  const seconds = Math.floor(millis / 1_000);
  if (seconds < 10) return `${(millis / 1_000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `0 s`, `12 s`, `3 min`: a duration in whole seconds. */
export function age(millis) {
  return millis < 60_000 ? `${Math.max(0, Math.floor(millis / 1_000))} s` : duration(millis);
}

export function bytes(number) {
  if (number < 1_024) return `${number} B`;
  return number < 1_024 * 1_024
    ? `${(number / 1_024).toFixed(1)} KB`
    : `${(number / 1_048_576).toFixed(1)} MB`;
}
