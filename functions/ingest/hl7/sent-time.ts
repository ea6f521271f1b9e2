/**
 * MSH-7, the time of a message: HL7's `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`. Some senders write fractions
 * of a minute, too.
 */
import type { SentTime } from './scanned-record';

/** Twice the length of a time. Anything longer is not a time. */
const MAX_LENGTH = 48;

const TIME =
  /^(?<year>\d{4})(?:(?<month>\d\d)(?:(?<day>\d\d)(?:(?<hour>\d\d)(?:(?<minute>\d\d)(?:(?<second>\d\d)?(?<fraction>\.\d{1,4})?)?)?)?)?)?(?<zone>[+-]\d{4})?$/;

export function readSentTime(text: string): SentTime | undefined {
  if (text === '' || text.length > MAX_LENGTH) return undefined;
  const iso = isoTime(text);
  return iso === undefined ? { text } : { text, iso };
}

/** Keeps the precision. A time without a zone is the sender's own. */
function isoTime(text: string): string | undefined {
  const { year, month, day, hour, minute = '00', zone, ...exact } = TIME.exec(text)?.groups ?? {};
  const { second, fraction = '' } = exact.second === undefined ? secondsOf(exact.fraction) : exact;
  if (year === undefined) return undefined;
  const date = [year, month, day].filter((part) => part !== undefined).join('-');
  if (!isDate(Number(year), Number(month ?? 1), Number(day ?? 1))) return undefined;
  if (zone !== undefined && (Number(zone.slice(1, 3)) > 14 || Number(zone.slice(3)) > 59)) return undefined;
  if (hour === undefined) return date;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 59) return undefined;
  const time = second === undefined ? `${hour}:${minute}` : `${hour}:${minute}:${second}${fraction}`;
  if (zone === undefined) return `${date}T${time}`;
  return `${date}T${time}${zone.slice(0, 3)}:${zone.slice(3)}`;
}

/** A fraction of a minute: `.123` is 7.38 seconds. */
function secondsOf(fraction: string | undefined): { second?: string; fraction?: string } {
  if (fraction === undefined) return {};
  const digits = fraction.length - 1;
  const [second = '', rest = ''] = ((Number(fraction.slice(1)) * 60) / 10 ** digits)
    .toFixed(digits)
    .split('.');
  const significant = rest.replace(/0+$/, '');
  return { second: second.padStart(2, '0'), ...(significant !== '' && { fraction: `.${significant}` }) };
}

function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
