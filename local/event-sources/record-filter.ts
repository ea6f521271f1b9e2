/** The filters of a mapping. A record must match one of them. */
import type { JsonObject } from '../assembly/values/json';
import { EventPattern } from '../event-patterns/event-pattern';

export class RecordFilter {
  readonly #patterns: EventPattern[];

  constructor(filters: JsonObject[]) {
    this.#patterns = filters.map((filter) => new EventPattern(filter));
  }

  wants(record: JsonObject): boolean {
    return this.#patterns.length === 0 || this.#patterns.some((pattern) => pattern.matches(record));
  }
}
