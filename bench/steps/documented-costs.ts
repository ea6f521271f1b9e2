/** Reads the cost of each step from docs/costs.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cost } from '../metered-service';

const PAGE = join(__dirname, '../../docs/costs.md');
/** The columns of the table between the step's name and its explanation. */
export const COLUMNS: { heading: string; of: keyof Cost }[] = [
  { heading: 'calls', of: 'calls' },
  { heading: 'write units', of: 'writeUnits' },
  { heading: 'read units', of: 'readUnits' },
  { heading: 'Lambda', of: 'invocations' },
  { heading: 'posts', of: 'posts' },
];
const HEAD = `| step | ${COLUMNS.map(({ heading }) => heading).join(' | ')} |`;

/**
 * Returns the costs by the names of the steps. @throws Error if the page has no such table, or if a row lacks numbers
 */
export function documentedCosts(markdown = readFileSync(PAGE, 'utf8')): Map<string, Cost> {
  const lines = markdown.split('\n');
  const head = lines.findIndex((line) => line.startsWith(HEAD));
  if (head < 0) throw new Error(`docs/costs.md has no table that begins with ${HEAD}`);
  const afterRule = lines.slice(head + 2);
  const rows = afterRule.slice(
    0,
    afterRule.findIndex((line) => !line.startsWith('|')),
  );
  return new Map(rows.map(readRow));
}

function readRow(row: string): [string, Cost] {
  const [, name = '', ...cells] = row.split('|').map((cell) => cell.trim());
  const numbers = COLUMNS.map(({ of }, column) => [of, numberOf(cells[column])] as const);
  if (numbers.some(([, number]) => Number.isNaN(number)))
    throw new Error(`docs/costs.md has a step without its ${COLUMNS.length} numbers: ${row}`);
  return [name, Object.fromEntries(numbers) as unknown as Cost];
}

function numberOf(cell = ''): number {
  return cell === '' ? Number.NaN : Number(cell.replaceAll(',', ''));
}
