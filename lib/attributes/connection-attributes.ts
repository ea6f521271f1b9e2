/**
 * The attributes of one connection in one hook: what the hook changes is kept, each attribute by itself, under a revision that
 * makes a writer who has not seen the latest change look again.
 */
import type { Backend } from '../backend';
import { sleep } from '../clock';
import { type Connection, connectionKey, toConnection } from '../connections/connection-items';
import { AttributesNotSavedError } from '../errors';
import { absent, all, any, type Condition, equals } from '../table/conditions';
import type { Value } from '../table/item';

export type Attributes = Record<string, Value>;

/** How often a save looks again because others were faster. */
const MAX_ATTEMPTS = 12;
const FIRST_PAUSE_MILLISECONDS = 5;
const LONGEST_PAUSE_MILLISECONDS = 200;

export class ConnectionAttributes {
  /** What the hook reads and changes. */
  readonly values: Attributes;
  /** As they were read or saved last. */
  #seen: Attributes;
  #revision: number;

  constructor(
    private readonly webSocketId: string,
    { attributes, attributesRevision = 0 }: Pick<Connection, 'attributes' | 'attributesRevision'>,
    private readonly backend: Pick<Backend, 'table' | 'clock' | 'random' | 'token'>,
  ) {
    this.values = structuredClone(attributes);
    this.#seen = structuredClone(attributes);
    this.#revision = attributesRevision;
  }

  /** How many changes the connection had seen when it was read or saved last. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * Keeps what has been changed since the last look. Of two that save side by side both are kept, unless they changed the same
   * attribute: there the later one stays. Once the connection has closed nothing is kept.
   * @throws AttributesNotSavedError if others were faster again and again
   */
  async save(): Promise<void> {
    const changed = this.#changedNames();
    if (changed.length === 0) return;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const next = structuredClone(this.#seen);
      take(changed, this.values, next);
      if (await this.#write(next)) return this.#see(next, this.#revision + 1);
      const connection = await this.#read();
      if (connection?.state !== 'open') return;
      this.#see(connection.attributes, connection.attributesRevision ?? 0, changed);
      const longest = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** attempt, LONGEST_PAUSE_MILLISECONDS);
      await sleep(this.backend.clock, this.backend.random() * longest);
    }
    throw new AttributesNotSavedError(this.webSocketId, changed, MAX_ATTEMPTS);
  }

  /** Reads what others have changed; what has been changed here and not been saved stays as it is. */
  async refresh(): Promise<void> {
    const changed = this.#changedNames();
    const connection = await this.#read();
    if (connection) this.#see(connection.attributes, connection.attributesRevision ?? 0, changed);
  }

  /** A token for each attempt: a late copy of an earlier one must not pass for the one that succeeded. */
  async #write(attributes: Attributes): Promise<boolean> {
    const token = this.backend.token();
    const item = await this.backend.table.update(
      connectionKey(this.webSocketId),
      { set: { attributes, attributesRevision: this.#revision + 1, attributesToken: token } },
      all(equals('state', 'open'), any(equals('attributesToken', token), revisionIs(this.#revision))),
    );
    return item !== undefined;
  }

  async #read(): Promise<Connection | undefined> {
    const item = await this.backend.table.get(connectionKey(this.webSocketId));
    return item && toConnection(item);
  }

  /** Takes over how they are now, but for those that are still to be saved. */
  #see(now: Attributes, revision: number, unsaved: string[] = []): void {
    const others = [...new Set([...Object.keys(this.values), ...Object.keys(now)])];
    take(
      others.filter((name) => !unsaved.includes(name)),
      now,
      this.values,
    );
    this.#seen = structuredClone(now);
    this.#revision = revision;
  }

  #changedNames(): string[] {
    const names = new Set([...Object.keys(this.#seen), ...Object.keys(this.values)]);
    return [...names].filter((name) => json(this.#seen[name]) !== json(this.values[name]));
  }
}

function revisionIs(revision: number): Condition {
  return revision === 0 ? absent('attributesRevision') : equals('attributesRevision', revision);
}

/** One that `from` has not, or has as undefined, goes. */
function take(names: string[], from: Attributes, to: Attributes): void {
  for (const name of names) {
    const value: Value | undefined = from[name];
    if (value === undefined) delete to[name];
    else to[name] = structuredClone(value);
  }
}

function json(value: Value | undefined): string | undefined {
  return JSON.stringify(value);
}
