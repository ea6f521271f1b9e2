/** Parallel work that is completely over when this returns. */

/**
 * Resolves with all results, or rejects with the first error, but only after every promise has settled. A function
 * freezes when its handler fails, so work that was still running would resume minutes later.
 */
export async function allOver<T>(work: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
