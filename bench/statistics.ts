/** Medians, percentiles and ranges of measured numbers. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** @throws RangeError for an empty list */
export function spread(numbers: number[]): Spread {
  return { median: percentile(numbers, 50), min: Math.min(...numbers), max: Math.max(...numbers) };
}

/**
 * The smallest of the numbers that at least `percent` of them do not exceed (nearest rank).
 * @throws RangeError for an empty list
 */
export function percentile(numbers: number[], percent: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('There is no percentile of no numbers.');
  return found;
}
