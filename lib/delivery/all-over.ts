/** Work side by side, of which nothing goes on when it is over. */

/**
 * Resolves with what each has come to, and fails with the first failure, but not before all are over: a function freezes when its handler
 * has failed, and what is still on its way then would go on minutes later.
 */
export async function allOver<T>(work: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
