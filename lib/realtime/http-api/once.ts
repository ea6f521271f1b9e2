/**
 * Publications with an idempotency key: the first result is kept for five minutes, and returned to a client that publishes
 * again with the same key.
 *
 * IDEMPOTENT#{service}#{channel} / {key}   `result`, once it is published; `until` then, somebody publishes it
 */
import { sleep } from '../../clock';
import type { Service } from '../../service';
import { absent, all, any, equals, itemAbsent, lessThan } from '../../table/conditions';
import { expiryAfter, type Key } from '../../table/item';
import { errors } from '../realtime-errors';

/** Source: Centrifugo keeps results of publications for this long. */
const KEPT_SECONDS = 5 * 60;
/** Longer than a request may take: by then, the publisher has crashed. */
const LEASE_MILLISECONDS = 35_000;
const WAIT_MILLISECONDS = 3_000;
const PAUSE_MILLISECONDS = 50;
const MOST_BYTES = 512;

/**
 * Two writes. If the publication fails, or the publisher crashes, the next request with this key publishes.
 * @throws RealtimeError if another request with this key takes longer than three seconds
 */
export async function once(
  service: Service,
  { channel, idempotencyKey }: { channel: string; idempotencyKey: string },
  publish: () => Promise<object>,
): Promise<object> {
  if (Buffer.byteLength(idempotencyKey) > MOST_BYTES)
    throw errors.badRequest(`idempotency_key must have up to ${MOST_BYTES} bytes`);
  const { table, clock, token: newToken } = service.backend;
  const key: Key = { pk: `IDEMPOTENT#${service.name}#${channel}`, sk: idempotencyKey };
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
    if (await table.put({ ...key, token, until: now + LEASE_MILLISECONDS, expiresAt }, isFree)) break;
    const row = await table.get(key);
    if (row?.result !== undefined) return JSON.parse(row.result as string) as object;
    if (clock.now() > giveUp) throw errors.conflict('a publication with this idempotency_key is under way');
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
    console.error(`The result of a publication to ${channel} could not be kept: ${String(error)}`);
  }
  return result;
}
