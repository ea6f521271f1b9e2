/**
 * Members that are cut while the others continue, so that a client that hangs delays no others. The poster releases
 * its lease only when all of them are cut. If it crashes before that, its successor cuts all members.
 */
import type { Clock } from '../../clock';
import type { Item } from '../../table/item';
import type { Cut } from './cut';

export class Stragglers {
  readonly #ids = new Set<string>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #errors: unknown[] = [];

  constructor(private readonly cut: Cut) {}

  get areThere(): boolean {
    return this.#leaving.size > 0;
  }

  /** Whether something may still be on its way to this connection, or it could not be cut: it gets nothing else. */
  has(webSocketId: string): boolean {
    return this.#ids.has(webSocketId);
  }

  /** Cuts a member when `posting`, its current post, has ended. Then runs `afterwards`. */
  leave(
    item: Item,
    posting: Promise<unknown> = Promise.resolve(),
    afterwards: () => Promise<void> = async () => {},
  ): void {
    const id = idOf(item);
    this.#await(id, async () => {
      await over(id, posting);
      await this.cut.member(item);
      await afterwards();
      this.#ids.delete(id);
    });
  }

  /**
   * Keeps a new member if it receives the whole answer after all (`answering`) and `hasMissed` nothing in the
   * meantime. Cuts it otherwise. `forget` ends its subscription's wait.
   */
  leaveNewcomer(
    item: Item,
    answering: Promise<boolean>,
    { hasMissed, forget }: { hasMissed: () => boolean; forget: () => Promise<void> },
  ): void {
    const id = idOf(item);
    this.#await(id, async () => {
      if (await over(id, answering)) {
        await forget();
        // Nothing may come between this look and the end of the wait: the next batch posts to it.
        if (!hasMissed()) return void this.#ids.delete(id);
      }
      await this.cut.member(item);
      await forget();
      this.#ids.delete(id);
    });
  }

  #await(id: string, leave: () => Promise<void>): void {
    this.#ids.add(id);
    const leaving = leave()
      .catch((error: unknown) => void this.#errors.push(error))
      .finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /** Resolves when no member is left to be cut, or when the time has passed. */
  async overWithin(clock: Clock, milliseconds: number): Promise<void> {
    let cancel = () => {};
    const passed = new Promise<void>((resolve) => {
      cancel = clock.after(milliseconds, resolve);
    });
    await Promise.race([Promise.all(this.#leaving), passed]);
    cancel();
  }

  /** Resolves when no member is left to be cut. @throws if a member could not be cut and may still be connected */
  async allOver(): Promise<void> {
    await Promise.all(this.#leaving);
    if (this.#errors.length > 0) throw this.#errors[0];
  }
}

/** What a post resolved to; `undefined` if it failed. */
async function over<T>(id: string, posting: Promise<T>): Promise<T | undefined> {
  try {
    return await posting;
  } catch (error) {
    console.error(`Posting to WebSocket ${id} failed: ${String(error)}`);
    return undefined;
  }
}

/** The connection of a member's row. */
export function idOf({ sk }: Item): string {
  return sk.split('#').slice(2).join('#');
}
