/**
 * Publications that a client may send again: the first result is kept for five minutes, and returned to a client that
 * publishes again with the same key.
 *
 * IDEMPOTENT#{service}#{channel} / {key}    a backend's publication, with its idempotency key CONNECTION#{id} /
 * PART#{upload}#done      a client's publication in parts
 *
 * `result`: set once it is published; `until`: the lease of the request that publishes it; `digest`: of the data, if
 * a repetition must have the same data
 */
import { sleep } from '../clock';
import type { Service } from '../service';
import { absent, all, any, equals, itemAbsent, lessThan } from '../table/conditions';
import { expiryAfter, type Key } from '../table/item';
import { errors } from './realtime-errors';

/** Source: Centrifugo keeps results of publications for this long. */
const KEPT_SECONDS = 5 * 60;
/** Longer than a request may take: by then, the publisher has crashed. */
const LEASE_MILLISECONDS = 35_000;
const WAIT_MILLISECONDS = 3_000;
const PAUSE_MILLISECONDS = 50;

export interface Attempt {
  key: Key;
  /** The key as the client knows it, such as `idempotency_key`. */
  name: string;
  /** Of the data. An attempt with another one is refused. @default not compared */
  digest?: string;
}

/**
 * Two writes. If the publication fails or is refused, or the publisher crashes, the next request with this key publishes.
 * @throws RealtimeError for other data with this key, or if another request with it takes longer than three seconds
 */
export async function once(
  service: Service,
  { key, name, digest }: Attempt,
  publish: () => Promise<object>,
): Promise<object> {
  const { table, clock, token: newToken } = service.backend;
  const token = newToken();
  const giveUp = clock.now() + WAIT_MILLISECONDS;
  for (;;) {
    const now = clock.now();
    const expiresAt = expiryAfter(now, KEPT_SECONDS);
    const isFree = any(
      itemAbsent,
      equals('token', token),
      // It may not have been deleted yet.
      lessThan('expiresAt', expiryAfter(now, 0)),
      all(absent('result'), lessThan('until', now)),
    );
    const lease = { ...key, token, until: now + LEASE_MILLISECONDS, ...(digest && { digest }), expiresAt };
    if (await table.put(lease, isFree)) break;
    const row = await table.get(key);
    if (row && row.digest !== digest) throw errors.badRequest(`${name} was used for other data before`);
    if (row?.result !== undefined) return JSON.parse(row.result as string) as object;
    if (clock.now() > giveUp) throw errors.conflict(`a publication with this ${name} is under way`);
    await sleep(clock, PAUSE_MILLISECONDS);
  }
  let result: object;
  try {
    result = await publish();
  } catch (error) {
    await table.delete(key, equals('token', token));
    throw error;
  }
  const set = { result: JSON.stringify(result), expiresAt: expiryAfter(clock.now(), KEPT_SECONDS) };
  try {
    await table.update(key, { set }, equals('token', token));
  } catch (error) {
    // It is published. Until the lease is over, others with this key are refused rather than published twice.
    console.error(`The result of the publication ${key.pk} ${key.sk} could not be kept: ${String(error)}`);
  }
  return result;
}
