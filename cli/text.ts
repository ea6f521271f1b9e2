/** Makes untrusted text safe to print: no character moves the cursor or changes the text direction. */
import Table from 'cli-table3';
import { printable, printableJson } from '../local/printable';

export { printable };

/** One line of JSON for programs, safe for terminals, too. */
export function jsonLine(value: unknown): string {
  return `${printableJson(JSON.stringify(value))}\n`;
}

/** Rows under a header, for people. */
export function table(head: string[], rows: string[][], isTerminal: boolean): string {
  const colours = isTerminal ? { head: ['bold'], border: ['grey'] } : { head: [], border: [] };
  const drawn = new Table({ head, style: { ...colours, compact: true } });
  drawn.push(...rows.map((row) => row.map(printable)));
  return `${drawn.toString()}\n`;
}

/** `3 s`, `12 min`, `1 h 40 min`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
