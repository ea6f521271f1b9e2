/**
 * Entries under growing numbers that expire after a while, as the tutorial stores its messages and errors:
 * ^Chat.Messages, ^Chat.Errors.
 */
import type { Clock } from './clock';
import { always, itemAbsent } from './table/conditions';
import { expiryAfter, type Item, type Value } from './table/item';
import { pages, type Table } from './table/table';

const COUNTER = 'COUNTER';
const NUMBER_DIGITS = 15;

export class NumberedLog {
  readonly #pk: string;

  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
    service: string,
    name: string,
    private readonly keptSeconds: number,
  ) {
    this.#pk = `LOG#${service}#${name}`;
  }

  /**
   * Stores an entry under the next number, and returns the number. If the process crashes in between, a number stays
   * unused.
   */
  async append(entry: Record<string, Value>): Promise<number> {
    const counter = await this.table.update({ pk: this.#pk, sk: COUNTER }, { add: { last: 1 } }, always);
    const number = counter?.last as number;
    const expiresAt = expiryAfter(this.clock.now(), this.keptSeconds);
    // An existing entry under a new number is this one, from a call whose response was lost.
    await this.table.put({ ...entry, pk: this.#pk, sk: this.#sk(number), expiresAt }, itemAbsent);
    return number;
  }

  /** The last entries, newest first. Pages are read as the caller needs them. */
  async *newestFirst(pageItems: number): AsyncGenerator<Item, void, undefined> {
    const range = { pk: this.#pk, prefix: 'ENTRY#', descending: true, limit: pageItems, consistent: false };
    for await (const page of pages(this.table, range)) yield* page;
  }

  #sk(number: number): string {
    return `ENTRY#${String(number).padStart(NUMBER_DIGITS, '0')}`;
  }
}
