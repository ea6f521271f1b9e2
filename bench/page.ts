/** The page that the benchmark prints: for each baseline, the measurements of both sides and their ratio. */
import { type Spread, spread } from './statistics';

export interface Row {
  what: string;
  unit: string;
  ours: number[];
  baseline: number[];
  /** Whether higher or lower is better. */
  better: 'higher' | 'lower';
  /** The highest acceptable ratio. */
  most?: number;
}

export class Page {
  readonly #lines: string[] = [];

  section(title: string, baseline: string, rows: Row[]): void {
    const cells = rows.map((row) => {
      const ours = spread(row.ours);
      const baseline = spread(row.baseline);
      return [
        `${row.what}, ${row.unit}`,
        show(ours),
        show(baseline),
        ours.median === baseline.median ? 'the same' : ratio(ours, baseline, row),
      ];
    });
    this.table(title, `baseline: ${baseline}`, [['', 'ours', 'baseline', 'ours / baseline'], ...cells]);
  }

  /** @param rows of the same length; the first one contains the headings */
  table(title: string, note: string, rows: string[][]): void {
    const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
    const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join('  '));
    this.#lines.push('', title, `  ${note}`, ...lines.map((line) => `  ${line}`.trimEnd()));
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

function ratio(ours: Spread, baseline: Spread, { better, most }: Row): string {
  if (baseline.median === 0) return 'the baseline has none';
  const times = ours.median / baseline.median;
  const text = `${times.toFixed(2)} x (${better} is better)`;
  if (most === undefined) return text;
  return times > most ? `${text}: MORE THAN ${most}` : `${text}: at most ${most}, as it should be`;
}

/** `0.61 (0.58-0.65)`, or only the number if all are the same. */
export function show({ median, min, max }: Spread): string {
  return min === max ? digits(median) : `${digits(median)} (${digits(min)}-${digits(max)})`;
}

/** Rounds to three significant digits. */
export function digits(value: number): string {
  if (value === 0 || Number.isInteger(value)) return String(value);
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2);
}
