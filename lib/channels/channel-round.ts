/**
 * Does the sweep's work for each channel in a list of channels, until the time is over. If a sweep must stop, it stores
 * where, and the next one continues there, so no channel waits forever.
 */
import { allOver } from '../delivery/all-over';
import { turnsOf } from '../delivery/in-turns';
import type { ServiceContext } from '../service-context';
import { always } from '../table/conditions';
import type { Item } from '../table/item';

/** It sorts before all channels, since no channel's name may contain it. */
const CURSOR = '#';

export interface ChannelRoundOptions {
  /** The partition of the list. */
  pk: string;
  /** What the sort keys of the list's rows begin with, before the channel's name. @default nothing */
  prefix?: string;
  /** @default 1 */
  channelsAtATime?: number;
  /** Time reserved for the last channels, or half of the time if that is less. */
  reserveMilliseconds: number;
}

export class ChannelRound {
  readonly #options: Required<ChannelRoundOptions>;

  constructor(
    private readonly service: ServiceContext,
    options: ChannelRoundOptions,
  ) {
    this.#options = { prefix: '', channelsAtATime: 1, ...options };
  }

  /** If `work` fails for a channel, the error is logged, and the next sweep tries again. */
  async run(work: (channel: string, row: Item) => Promise<void>): Promise<void> {
    const { pk, prefix, channelsAtATime, reserveMilliseconds } = this.#options;
    const { deadline, backend } = this.service;
    const { table, clock } = backend;
    const reserve = Math.min(reserveMilliseconds, (deadline - clock.now()) / 2);
    const place = { pk, sk: prefix + CURSOR };
    let page = await table.query({ pk, prefix });
    // It is the first row, so it costs no call of its own.
    const cursor = page.items.find(({ sk }) => sk === place.sk);
    if (cursor) page = await table.query({ pk, prefix, after: { pk, sk: cursor.after as string } });
    for (let last: Item | undefined; ; page = await table.query({ pk, prefix, after: page.next })) {
      for (const some of turnsOf(page.items, channelsAtATime)) {
        if (clock.now() + reserve >= deadline) {
          if (last) await table.put({ ...place, after: last.sk }, always);
          return;
        }
        await allOver(some.map((row) => this.#workOn(row, work)));
        last = some.at(-1);
      }
      if (!page.next) break;
    }
    if (cursor) await table.delete(place, always);
  }

  /** A channel that fails must not delay the others. */
  async #workOn(row: Item, work: (channel: string, row: Item) => Promise<void>): Promise<void> {
    const channel = row.sk.slice(this.#options.prefix.length);
    try {
      await work(channel, row);
    } catch (error) {
      console.error(
        `The channel ${channel} of ${this.service.name} could not be looked after: ${String(error)}`,
      );
    }
  }
}
