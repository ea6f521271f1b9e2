/** Formats times for the pages: the time of day, with the full date as a tooltip. */

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

export function showTime(element, time) {
  element.dateTime = time.toISOString();
  element.title = fullTime(time);
  element.textContent = timeFormat.format(time);
}

export function fullTime(time) {
  return fullFormat.format(time);
}

export function dayOf(time) {
  return dayFormat.format(time);
}
