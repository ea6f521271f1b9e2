/** The claims of a token in events: every value is text, in the form of the kind of API. */

/** A token's verified claims. */
export type Claims = Record<string, unknown>;

/** HTTP APIs write lists and objects as Go does: `[admins editors]`, `map[a:1]`. */
export function claimsOfHttpApi(claims: Claims): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, goText(value)]));
}

function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${goText(member)}`).join(' ')}]`;
}

/** REST APIs write times as Java does, lists with commas, and objects as JSON. Source: recorded events. */
export function claimsOfRestApi(claims: Claims): Record<string, string> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      TIMES.has(name) && typeof value === 'number' ? javaTime(value) : plainText(value),
    ]),
  );
}

/** `auth_time` stays a number. */
const TIMES = new Set(['exp', 'iat', 'nbf']);

/** `Mon Oct 03 12:53:36 UTC 2022` */
function javaTime(seconds: number): string {
  const time = new Date(seconds * 1_000);
  if (Number.isNaN(time.getTime())) return String(seconds);
  const [, weekday, day, month, year, clock] =
    /^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/.exec(time.toUTCString()) ?? [];
  return `${weekday} ${month} ${day} ${clock} UTC ${year}`;
}

function plainText(value: unknown): string {
  if (Array.isArray(value)) return value.map(plainText).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
