/**
 * Watches the loops of dedicated sockets: which invocation runs `server()`, and whether each change of a socket comes
 * from its owner.
 */
import type { Item } from '../../lib/table/item';
import type { Change } from '../../lib/table/table';
import { itemOf } from './invariants';
import type { Scheduler } from './scheduler';
import type { ServiceWorld } from './service-world';

export class LoopWatch {
  /** What was wrong at some moment. */
  violation: string | undefined;
  /** The runs of `server()` that have started and not ended, by invocation. */
  readonly #serving = new Set<string>();

  constructor(
    private readonly world: ServiceWorld,
    private readonly scheduler: Scheduler,
  ) {}

  /** A run of `server()`. `isFirst` unless it was resumed. */
  async run(id: string, isFirst: boolean, loop: () => Promise<void>): Promise<void> {
    const { calm, current } = this.scheduler;
    const name = (!calm && current?.name) || 'one at rest';
    await this.world.note(`server of ${id} begins`, () => {
      this.#serving.add(name);
      if (isFirst && this.world.clients.get(id)?.openedAt === 0)
        this.violation ??= `server() of ${id} begins, but it never opened.`;
      const isOwner = this.scheduler.calm || this.#owner(id) === name;
      if (isOwner && this.world.happened.includes(`onPostServer of ${id}`))
        this.violation ??= `server() of ${id} begins after onPostServer.`;
    });
    try {
      await loop();
    } finally {
      await this.world.note(`server of ${id} ends`, () => this.#serving.delete(name));
    }
  }

  /** For `onPostServer`: no owner may be working. */
  depart(id: string): Promise<void> {
    return this.world.note(`onPostServer of ${id}`, () => {
      const owner = this.#owner(id);
      if (owner && this.#serving.has(owner) && this.scheduler.isBusy(owner))
        this.violation ??= `onPostServer of ${id} runs while ${owner} is in its server().`;
    });
  }

  /** Called after an update, as soon as the caller knows about it. */
  updated({ sk, owner }: Item, { set = {} }: Change): void {
    const name = this.scheduler.current?.name;
    if (!name || this.scheduler.calm || sk !== 'OWNER') return;
    if (String(owner).startsWith(`${name}'s`) || (set.taken === undefined && set.ending === undefined))
      return;
    const what = set.taken === undefined ? 'ends the socket' : 'takes a message';
    this.violation ??= `${name} ${what}, but ${owner ?? 'nobody'} owns the socket.`;
  }

  /** Equal for equal states. */
  state(): unknown {
    return [[...this.#serving].sort(), this.violation];
  }

  /** The name of the invocation that owns the socket. */
  #owner(id: string): string | undefined {
    const { owner } = itemOf(this.world, id, 'OWNER') ?? ({} as Item);
    return (owner as string | undefined)?.replace(/'s \d+$/, '');
  }
}
