/** Runs steps in order. A failed step does not prevent the others. */

/** @throws what the only failed step threw, or an AggregateError with the errors of several, once all have run */
export async function runEvery(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 1)
    throw new AggregateError(errors, `${errors.length} steps failed: ${errors.map(String).join('; ')}`);
  if (errors.length === 1) throw errors[0];
}
