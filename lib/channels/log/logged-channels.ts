/**
 * The channels with a log that were used recently. The sweep finishes what crashed posters have left there.
 *
 * CHANNEL#{service}#* / LOGGED#{channel}  a channel that has been used CHANNEL#{service}#* / LOGGED##          the
 * channel at which the last sweep had to stop, if it had to
 */
import { serviceChannelPk } from '../../connections/connection-items';
import type { ServiceContext } from '../../service-context';
import { always, equals } from '../../table/conditions';
import { expiryAfter, type Item } from '../../table/item';
import type { Table } from '../../table/table';
import { ChannelRound } from '../channel-round';
import { LOG_ROW_SECONDS } from './log-items';

const PREFIX = 'LOGGED#';
/** An environment renews a channel's row once in this time. */
const RENEWED_MILLISECONDS = 60 * 60_000;
/**
 * A row that was not renewed for this long is deleted if no work is left. An environment renews a row only once an
 * hour, so this leaves another hour to an invocation that relies on the row. No invocation runs that long.
 */
const UNUSED_MILLISECONDS = 2 * RENEWED_MILLISECONDS;
const REMEMBERED = 10_000;
const LOGS_AT_A_TIME = 25;
/** What one channel's lines may take. */
const MEND_MILLISECONDS = 20_000;

/** The rows that this environment has put, and until when it need not do so again. */
const renewed = new WeakMap<Table, Map<string, number>>();

export class LoggedChannels {
  constructor(private readonly service: ServiceContext) {}

  /** Called before anything is stored that is to be posted, so that the sweep finds it. At most one write. */
  async add(channel: string): Promise<void> {
    const { table, clock } = this.service.backend;
    const [pk, sk] = [this.#pk, PREFIX + channel];
    const now = clock.now();
    const known = renewed.get(table) ?? new Map<string, number>();
    renewed.set(table, known);
    if ((known.get(pk + sk) ?? 0) > now) return;
    await table.put({ pk, sk, expiresAt: expiryAfter(now, LOG_ROW_SECONDS) }, always);
    if (known.size >= REMEMBERED) known.clear();
    known.set(pk + sk, now + RENEWED_MILLISECONDS);
  }

  /**
   * Has each channel mended until the time is over. The next sweep continues there. `mend` returns whether nothing was
   * left to do.
   */
  async mendAll(mend: (channel: string) => Promise<boolean>): Promise<void> {
    const round = new ChannelRound(this.service, {
      ...{ pk: this.#pk, prefix: PREFIX },
      ...{ channelsAtATime: LOGS_AT_A_TIME, reserveMilliseconds: MEND_MILLISECONDS },
    });
    await round.run(async (channel, row) => {
      if (await mend(channel)) await this.#forgetUnused(row);
    });
  }

  /** A process that uses the channel now has renewed the row, so it stays, or puts it again before it stores anything. */
  async #forgetUnused({ pk, sk, expiresAt }: Item): Promise<void> {
    const { table, clock } = this.service.backend;
    const renewedAt = ((expiresAt as number) - LOG_ROW_SECONDS) * 1_000;
    if (renewedAt + UNUSED_MILLISECONDS > clock.now()) return;
    await table.delete({ pk, sk }, equals('expiresAt', expiresAt as number));
  }

  get #pk(): string {
    return serviceChannelPk(this.service.name);
  }
}
