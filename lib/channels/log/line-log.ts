/** The lines of a channel under growing offsets: stored, skipped, read. */
import type { Backend } from '../../backend';
import { PublicationFailedError } from '../../errors';
import { always, any, equals, exists, itemAbsent } from '../../table/conditions';
import { expiryAfter, type Item } from '../../table/item';
import { pages } from '../../table/table';
import type { LogRule } from '../channel-rules';
import { type History, type HistoryOptions, HistoryReader, isKept } from './history';
import {
  type ChannelName,
  type Entry,
  entryKey,
  isOfLog,
  type Join,
  type Line,
  LOG_ROW_SECONDS,
  type LogState,
  logKey,
  type Position,
  toEntry,
  toJoin,
  toLogState,
} from './log-items';

/** Expired lines are kept this much longer, so that a late poster still finds that they existed. */
const ENTRY_MARGIN_SECONDS = 60 * 60;
/** A publisher whose offset is skipped repeatedly takes more than two seconds each time. */
const MOST_OFFSETS = 10;

/** What an offset contains now. */
export interface Look {
  entries: Entry[];
  joins: Join[];
  log: LogState | undefined;
}

/** What the service's own code knows about a log, but a publisher elsewhere does not. */
export interface LogOwner {
  rule: LogRule;
  serverFunction: string;
}

export class LineLog {
  constructor(
    private readonly backend: Pick<Backend, 'table' | 'clock' | 'token'>,
    readonly name: ChannelName,
  ) {}

  async state(): Promise<LogState | undefined> {
    const item = await this.backend.table.get(logKey(this.name));
    return item && toLogState(item);
  }

  /** The log, created if there is none. */
  async begin(owner: LogOwner): Promise<LogState> {
    const item = await this.backend.table.update(
      logKey(this.name),
      { set: this.#owned(owner), setIfAbsent: { epoch: this.#newEpoch(), last: 0 } },
      always,
    );
    return toLogState(item as Item);
  }

  /**
   * Stores a line under the next offset. Two writes. `undefined` if there is no log, and the caller may not create
   * one.
   * @throws PublicationFailedError if each offset was skipped before its line was stored
   */
  async append(
    text: { data: string; info?: string },
    owner: LogOwner | undefined,
  ): Promise<LogState | undefined> {
    const { table, clock, token } = this.backend;
    const id = token();
    for (let offsets = 0; offsets < MOST_OFFSETS; offsets++) {
      const item = await table.update(
        logKey(this.name),
        {
          add: { last: 1 },
          ...(owner && { set: this.#owned(owner), setIfAbsent: { epoch: this.#newEpoch() } }),
        },
        owner ? always : exists('epoch'),
      );
      if (!item) return undefined;
      const log = toLogState(item);
      const at = clock.now();
      const expiresAt = expiryAfter(at, log.seconds + ENTRY_MARGIN_SECONDS);
      const entry = { ...entryKey(this.name, log.offset), ...text, id, at, expiresAt };
      if (await table.put(entry, any(itemAbsent, equals('id', id)))) return log;
    }
    throw new PublicationFailedError(this.name.channel, MOST_OFFSETS);
  }

  /** Fills an offset whose publisher has stored no line. `false` if it has been filled by now. */
  async skip(offset: number, seconds: number): Promise<boolean> {
    const { table, clock } = this.backend;
    const expiresAt = expiryAfter(clock.now(), seconds + ENTRY_MARGIN_SECONDS);
    const key = entryKey(this.name, offset);
    if (await table.put({ ...key, skipped: true, expiresAt }, itemAbsent)) return true;
    // An expired item is a line that can no longer be read.
    return (await table.get(key)) === undefined;
  }

  /** Everything after an offset, and the connections that wait for a position in one of these ranges. One query. */
  async lookBehind(offset: number, range: string): Promise<Look> {
    const look: Look = { entries: [], joins: [], log: undefined };
    const after = entryKey(this.name, offset);
    for await (const page of pages(this.backend.table, { pk: after.pk, prefix: '', after })) {
      for (const item of page) {
        if (item.sk.startsWith('ENTRY#')) look.entries.push(toEntry(item));
        else if (item.sk.startsWith(`JOIN#${range}`)) look.joins.push(toJoin(item));
        else if (item.sk === 'LOG' && item.epoch !== undefined) look.log = toLogState(item);
      }
    }
    return look;
  }

  /**
   * The lines after `since` up to an offset; `undefined` if one of them no longer exists, or never belonged to this
   * log.
   */
  async missed(since: Position, log: LogState, upTo: number): Promise<Line[] | undefined> {
    const { epoch } = log;
    const { offset } = since;
    if (!isOfLog(since, log) || offset > upTo || offset < log.offset - log.size) return undefined;
    if (offset === upTo) return [];
    const lines: Line[] = [];
    let next = offset + 1;
    const after = entryKey(this.name, offset);
    for await (const page of pages(this.backend.table, { pk: after.pk, prefix: 'ENTRY#', after })) {
      for (const entry of page.map(toEntry)) {
        if (entry.offset > upTo) return lines;
        if (entry.offset !== next++ || !isKept(entry, log, this.backend.clock.now())) return undefined;
        if (entry.line) lines.push({ ...entry.line, epoch });
      }
    }
    return next > upTo ? lines : undefined;
  }

  /** The requested part of what the log has stored; `undefined` if there is no log. */
  async history(options: HistoryOptions): Promise<History | undefined> {
    const { table, clock } = this.backend;
    const log = await this.state();
    return log && new HistoryReader(table, clock, this.name, log).read(options);
  }

  #owned({ rule: { size, seconds }, serverFunction }: LogOwner) {
    const expiresAt = expiryAfter(this.backend.clock.now(), LOG_ROW_SECONDS);
    // A process that does not know the function must not take its name away.
    return { size, seconds, expiresAt, ...(serverFunction !== '' && { serverFunction }) };
  }

  /** As short as possible. It only has to differ from the previous line's. */
  #newEpoch(): string {
    return this.backend.token().slice(-8);
  }
}
