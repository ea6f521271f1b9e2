/**
 * How often passwords may be tried, over all sockets and environments: counters in the table, each for one time
 * window.
 *
 * ATTEMPTS#{service}#ADDRESS#{address} / WINDOW#{begin}       attempts from one address, for any user
 * ATTEMPTS#{service}#USER#{hash} / ADDRESS#{address}#{begin}   attempts for one user from one address
 * ATTEMPTS#{service}#USER#{hash} / WINDOW#{begin}             attempts for one user from all addresses
 * ATTEMPTS#{service}#USER#{hash} / KNOWN#{address}            this user has signed in from this address
 *
 * Windows begin at fixed times, so that a counter takes one write. Around the border of two windows, twice as many
 * attempts are possible.
 *
 * Nobody can lock a user out. The counter of user and address affects only that address. The counter of a user
 * affects only addresses from which the user has never signed in, for one minute at a time.
 */
import { createHash } from 'node:crypto';
import type { Service } from '../../lib';
import { absent, always, any, itemExists, lessThan } from '../../lib/table/conditions';
import { expiryAfter, type Key } from '../../lib/table/item';

interface Limit {
  tries: number;
  windowSeconds: number;
}

/** More than a household or an office mistypes. Attempts with the right password are not counted. */
const OF_ADDRESS: Limit = { tries: 30, windowSeconds: 15 * 60 };
const OF_USER_AT_ADDRESS: Limit = { tries: 6, windowSeconds: 15 * 60 };
/** For guesses from many addresses: at most about 14,000 a day. */
const OF_USER: Limit = { tries: 10, windowSeconds: 60 };
const KNOWN_SECONDS = 30 * 24 * 60 * 60;

/** There were too many attempts. The next one is allowed after this many seconds. */
export interface TooManyAttempts {
  of: 'address' | 'user and address' | 'user';
  seconds: number;
}

export class AttemptLimits {
  readonly #addressPk: string;
  readonly #userPk: string;

  /** @param address from `clientAddress` */
  constructor(
    private readonly service: Service,
    user: string,
    private readonly address: string,
  ) {
    // Hashed, so that the key is short for any user name, and reveals nothing about users who may not exist.
    const hash = createHash('sha256').update(user).digest('base64url').slice(0, 22);
    this.#addressPk = `ATTEMPTS#${service.name}#ADDRESS#${address}`;
    this.#userPk = `ATTEMPTS#${service.name}#USER#${hash}`;
  }

  /** Counts an attempt before it is made. If a limit forbids it, returns that limit and does not count it. */
  async begin(): Promise<TooManyAttempts | undefined> {
    if (!(await this.#count(OF_ADDRESS))) return this.#tooMany('address', OF_ADDRESS);
    if (!(await this.#count(OF_USER_AT_ADDRESS))) {
      await this.#giveBack(OF_ADDRESS);
      return this.#tooMany('user and address', OF_USER_AT_ADDRESS);
    }
    if ((await this.#count(OF_USER)) || (await this.#isKnown())) return undefined;
    await this.#giveBack(OF_ADDRESS);
    await this.#giveBack(OF_USER_AT_ADDRESS);
    return this.#tooMany('user', OF_USER);
  }

  /** The password was right: the attempt is not counted, and the address is now known. */
  async succeeded(): Promise<void> {
    const { table, clock } = this.service.backend;
    await table.put({ ...this.#knownKey(), expiresAt: expiryAfter(clock.now(), KNOWN_SECONDS) }, always);
    await table.delete(this.#key(OF_USER_AT_ADDRESS), always);
    await this.#giveBack(OF_ADDRESS);
  }

  /**
   * If the SDK repeats a call whose response was lost, the attempt counts twice. That is better than a free attempt.
   */
  async #count(limit: Limit): Promise<boolean> {
    const { table, clock } = this.service.backend;
    const expiresAt = expiryAfter(clock.now(), 2 * limit.windowSeconds);
    const counted = await table.update(
      this.#key(limit),
      { add: { tries: 1 }, setIfAbsent: { expiresAt } },
      any(absent('tries'), lessThan('tries', limit.tries)),
    );
    return counted !== undefined;
  }

  async #giveBack(limit: Limit): Promise<void> {
    await this.service.backend.table.update(this.#key(limit), { add: { tries: -1 } }, itemExists);
  }

  async #isKnown(): Promise<boolean> {
    return (await this.service.backend.table.get(this.#knownKey())) !== undefined;
  }

  #tooMany(of: TooManyAttempts['of'], { windowSeconds }: Limit): TooManyAttempts {
    const seconds = this.service.backend.clock.now() / 1_000;
    return { of, seconds: Math.ceil(windowSeconds - (seconds % windowSeconds)) };
  }

  #key(limit: Limit): Key {
    const window = String(
      Math.floor(this.service.backend.clock.now() / 1_000 / limit.windowSeconds) * limit.windowSeconds,
    );
    if (limit === OF_ADDRESS) return { pk: this.#addressPk, sk: `WINDOW#${window}` };
    if (limit === OF_USER) return { pk: this.#userPk, sk: `WINDOW#${window}` };
    return { pk: this.#userPk, sk: `ADDRESS#${this.address}#${window}` };
  }

  #knownKey(): Key {
    return { pk: this.#userPk, sk: `KNOWN#${this.address}` };
  }
}
