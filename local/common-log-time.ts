const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The latest text, because all times of a second have the same. */
let latest = { second: Number.NaN, text: '' };

/** A time in the Common Log Format, as in events: `09/Feb/2024:18:11:43 +0000`. */
export function commonLogTime(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== latest.second) latest = { second, text: textOf(second * 1000) };
  return latest.text;
}

function textOf(time: number): string {
  const iso = new Date(time).toISOString();
  return `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}
