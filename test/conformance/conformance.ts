/** Runs the cases, several at a time, and reports the result of each. */
import type { Apis, Case, Section } from './case';

export type Result =
  | { outcome: 'as AWS' }
  | { outcome: 'different'; difference: string }
  | { outcome: 'not run'; reason: string };

const AT_A_TIME = 8;

/** Returns the results in the order of the cases. Calls `onResult` as soon as a result is known. */
export async function runCases(
  sections: Section[],
  apis: Partial<Apis>,
  onResult: (one: Case, result: Result) => void = () => {},
): Promise<Map<Case, Result>> {
  const cases = sections.flatMap((section) => section.cases);
  const found = new Map<Case, Result>();
  const waiting = cases.values();
  const worker = async () => {
    for (const one of waiting) {
      const result = await runCase(one, apis);
      found.set(one, result);
      onResult(one, result);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return new Map(cases.map((one) => [one, found.get(one) as Result]));
}

async function runCase(one: Case, apis: Partial<Apis>): Promise<Result> {
  const missing = (['main', ...(one.apis ?? [])] as const).filter((name) => apis[name] === undefined);
  if (missing.length > 0)
    return { outcome: 'not run', reason: `no address of the API ${missing.join(', ')}` };
  try {
    await one.run(apis as Apis);
    return { outcome: 'as AWS' };
  } catch (error) {
    return {
      outcome: 'different',
      difference: error instanceof Error ? firstLines(error.message) : String(error),
    };
  }
}

/** An assertion's message shows both values on several lines. */
function firstLines(message: string): string {
  return message.split('\n').slice(0, 12).join('\n');
}
