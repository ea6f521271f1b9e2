/** Makes many queries or requests, several at a time. Results are in order. */

const AT_A_TIME = 20;

export async function* inTurns<T, R>(
  all: T[],
  ask: (one: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  for (let at = 0; at < all.length; at += AT_A_TIME) {
    yield* await Promise.all(all.slice(at, at + AT_A_TIME).map(ask));
  }
}
