/**
 * Measures behavior that no public source documents. Each entry settles one assumption of
 * `local/gateway/assumptions.ts`.
 */
import type { Apis } from './case';
import { MEASUREMENTS } from './measurements';

export interface Measured {
  /** The question that the measurement answers. */
  question: string;
  /** The assumption of the local gateway. */
  assumed: string;
  seen: unknown;
}

/** Runs them one at a time, so that none disturbs another. */
export async function measure(
  apis: Partial<Apis>,
  { long = false }: { long?: boolean },
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const { question, assumed, isLong = false, apis: needed = [], take } of MEASUREMENTS) {
    if (isLong && !long) continue;
    const missing = (['main', ...needed] as const).filter((name) => apis[name] === undefined);
    const seen =
      missing.length > 0
        ? `not measured: no address of the API ${missing.join(', ')}`
        : await take(apis as Apis).catch((error: Error) => `failed: ${error.message}`);
    process.stderr.write(`${question}\n`);
    measured.push({ question, assumed, seen });
  }
  return measured;
}
