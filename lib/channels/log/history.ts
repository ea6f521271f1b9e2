/**
 * What a log keeps, read from either end. Only up to the first offset whose line is not stored yet: members get that
 * line before the later ones, and so does a client that reads the history first and then follows the log.
 */
import type { Clock } from '../../clock';
import { pages, type Table } from '../../table/table';
import {
  type ChannelName,
  type Entry,
  entryKey,
  isOfLog,
  type Line,
  type LogState,
  logPk,
  type Position,
  posterKey,
  toEntry,
  WHOLE_CHANNEL,
} from './log-items';

export interface HistoryOptions {
  /** Lines after this position; with `reverse`, lines before it. @default from the end that `reverse` selects */
  since?: Position;
  /** How many lines. @default 100 */
  limit?: number;
  /** Newest first. @default false */
  reverse?: boolean;
}

export interface History extends Position {
  lines: Line[];
  /** Whether no line is missing between `since` and the first of `lines`. Set only if `since` was given. */
  recovered?: boolean;
}

/** Whether the log still has an entry for clients. */
export function isKept({ line }: Entry, { seconds }: LogState, now: number): boolean {
  return !line || line.at + seconds * 1_000 > now;
}

export class HistoryReader {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
    private readonly name: ChannelName,
    private readonly log: LogState,
  ) {}

  async read({ since, limit = 100, reverse = false }: HistoryOptions): Promise<History> {
    const from = since && isOfLog(since, this.log) ? since.offset : undefined;
    const recovered = from !== undefined && (await this.#isWholeBehind(from));
    const read = reverse ? this.#backward(from, limit) : this.#forward(from, limit, recovered);
    return { epoch: this.log.epoch, ...(await read), ...(since && { recovered }) };
  }

  async #forward(
    from: number | undefined,
    limit: number,
    isWhole: boolean,
  ): Promise<{ offset: number; lines: Line[] }> {
    const begin = Math.max(this.#oldest, from ?? 0);
    const lines: Line[] = [];
    // What is missing before the first line that is found may have expired, unless the client has the line before it.
    let next = isWhole ? begin + 1 : undefined;
    for await (const entry of this.#entries(begin, limit, false)) {
      if (lines.length === limit) return { offset: this.log.offset, lines };
      if (entry.offset !== (next ?? entry.offset)) break;
      next = entry.offset + 1;
      this.#take(entry, lines);
    }
    if (next === undefined) return { offset: Math.max(begin, await this.#posted()), lines };
    return { offset: next - 1, lines };
  }

  async #backward(from: number | undefined, limit: number): Promise<{ offset: number; lines: Line[] }> {
    const { offset: last } = this.log;
    let lines: Line[] = [];
    let next = (from ?? last + 1) - 1;
    let top = next;
    for await (const entry of this.#entries(next + 1, limit, true)) {
      if (entry.offset <= this.#oldest) break;
      if (entry.offset !== next) [top, lines] = [entry.offset, []];
      else if (lines.length === limit) break;
      next = entry.offset - 1;
      this.#take(entry, lines);
    }
    if (from !== undefined) return { offset: last, lines };
    return { offset: next === last ? await this.#posted() : top, lines };
  }

  /** Pages are read as they are needed, and hold one entry more than that: it says whether a line is missing. */
  async *#entries(from: number, limit: number, descending: boolean): AsyncGenerator<Entry, void, undefined> {
    const range = { pk: logPk(this.name), prefix: 'ENTRY#', descending, limit: limit + 1 };
    for await (const page of pages(this.table, { ...range, after: entryKey(this.name, from) }))
      yield* page.map(toEntry);
  }

  #take(entry: Entry, lines: Line[]): void {
    if (entry.line && isKept(entry, this.log, this.clock.now()))
      lines.push({ ...entry.line, epoch: this.log.epoch });
  }

  /** Whether every line after an offset is still kept, or not stored yet. */
  async #isWholeBehind(offset: number): Promise<boolean> {
    if (offset < this.#oldest || offset > this.log.offset) return false;
    if (offset === this.log.offset) return true;
    const item = await this.table.get(entryKey(this.name, offset + 1));
    if (item) return isKept(toEntry(item), this.log, this.clock.now());
    return (await this.#posted()) <= offset;
  }

  /** Every line up to here has been stored. */
  async #posted(): Promise<number> {
    const row = await this.table.get(posterKey(this.name, WHOLE_CHANNEL));
    return (row?.posted ?? 0) as number;
  }

  get #oldest(): number {
    return Math.max(0, this.log.offset - this.log.size);
  }
}
