/**
 * The state of a connection's sign-in, stored beside the connection.
 *
 * CONNECTION#{id} / VERIFICATION    attempts: how many passwords were tried; passed: one of them was right
 */
import type { Service } from '../../lib';
import { connectionKey } from '../../lib/connections/connection-items';
import { absent, all, always, any, equals, itemAbsent, itemExists } from '../../lib/table/conditions';
import { expiryAfter, type Item, type Key } from '../../lib/table/item';

export const MAX_ATTEMPTS = 3;
/** Longer than the two hours of a connection. */
const KEPT_SECONDS = 3 * 60 * 60;

export class Verification {
  readonly #key: Key;

  constructor(
    private readonly service: Service,
    webSocketId: string,
  ) {
    this.#key = { pk: connectionKey(webSocketId).pk, sk: 'VERIFICATION' };
  }

  async hasPassed(): Promise<boolean> {
    return (await this.#get())?.passed === true;
  }

  /** Counts an attempt before it is made. Returns its number, or `undefined` if no attempts are left. */
  async beginAttempt(): Promise<number | undefined> {
    const token = this.service.backend.token();
    // If another attempt runs at the same time, this one counts after it, so that nobody gets extra attempts.
    for (let looks = 0; looks < MAX_ATTEMPTS; looks++) {
      const attempts = ((await this.#get())?.attempts as number | undefined) ?? 0;
      if (attempts >= MAX_ATTEMPTS) return undefined;
      const counted = attempts === 0 ? await this.#first(token) : await this.#next(attempts, token);
      if (counted) return attempts + 1;
    }
    return undefined;
  }

  /** Records that a password was right. */
  async pass(): Promise<void> {
    await this.service.backend.table.update(this.#key, { set: { passed: true } }, itemExists);
  }

  async forget(): Promise<void> {
    await this.service.backend.table.delete(this.#key, always);
  }

  #first(token: string): Promise<boolean> {
    const { table, clock } = this.service.backend;
    const expiresAt = expiryAfter(clock.now(), KEPT_SECONDS);
    const item = { ...this.#key, attempts: 1, token, expiresAt };
    return table.put(item, any(itemAbsent, all(equals('token', token), absent('passed'))));
  }

  /** An attempt of a call whose response was lost has left its token. */
  async #next(attempts: number, token: string): Promise<boolean> {
    const counted = await this.service.backend.table.update(
      this.#key,
      { set: { attempts: attempts + 1, token } },
      any(equals('attempts', attempts), all(equals('attempts', attempts + 1), equals('token', token))),
    );
    return counted !== undefined;
  }

  #get(): Promise<Item | undefined> {
    return this.service.backend.table.get(this.#key);
  }
}
